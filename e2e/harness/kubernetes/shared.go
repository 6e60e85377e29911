package kubernetes

import (
	"context"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

//nolint:gochecknoglobals // starting one takes long, and a test cannot be handed what TestMain has
var shared programs.Shared[*Cluster]

// Need returns the cluster that the tests of this binary share; the first who asks starts it. Where there can be none
// the test is skipped, or fails: see programs.Need. Its logs are shown if the test fails. Namespaces and what nodes run
// are the test's own affair: who stops a node starts it again.
func Need(t testing.TB) *Cluster {
	t.Helper()
	return shared.Need(t, "kubernetes", func(ctx context.Context) (*Cluster, error) { return Start(ctx, Options{}) })
}

// StopShared stops the shared cluster if there is one. TestMain calls it at its end.
func StopShared(ctx context.Context) error { return shared.Stop(ctx) }
