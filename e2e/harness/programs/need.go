package programs

import (
	"context"
	"os"
	"testing"
)

// Need returns a peer for a test. Without it the test is skipped with the reason; with OTLPCTL_E2E_REQUIRE=1, which is
// how continuous integration runs, it fails instead, so that no proof goes missing in silence.
func Need(t testing.TB, peer func(context.Context) (string, error)) string {
	t.Helper()
	path, err := peer(t.Context())
	switch {
	case err == nil:
		return path
	case os.Getenv("OTLPCTL_E2E_REQUIRE") == "1":
		t.Fatalf("required peer: %v", err)
	default:
		t.Skipf("peer is not available: %v", err)
	}
	return ""
}
