package dockerd

import (
	"context"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

//nolint:gochecknoglobals // starting one takes seconds, and a test cannot be handed what TestMain has
var shared programs.Shared[*Engine]

// Need returns the engine that the tests of this binary share; the first who asks starts it. Where there can be none the
// test is skipped, or fails: see programs.Need. Its log is shown if the test fails. Names of containers, volumes and
// images are the test's own affair.
func Need(t testing.TB) *Engine {
	t.Helper()
	return shared.Need(t, "dockerd", Start)
}

// StopShared stops the shared engine if there is one. TestMain calls it at its end.
func StopShared(ctx context.Context) error { return shared.Stop(ctx) }
