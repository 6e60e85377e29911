package kubernetes

import (
	"context"
	"sync"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// shared is the cluster of this test binary.
//
//nolint:gochecknoglobals // starting one takes long, and a test cannot be handed what TestMain has
var shared struct {
	sync.Mutex
	cluster *Cluster
	err     error
}

// Need returns the cluster that the tests of this binary share; the first who asks starts it. Where there can be none
// the test is skipped, or fails: see programs.Need. Its logs are shown if the test fails. Namespaces and what nodes run
// are the test's own affair: who stops a node starts it again.
func Need(t testing.TB) *Cluster {
	t.Helper()
	programs.Need(t, func(ctx context.Context) (string, error) {
		shared.Lock()
		defer shared.Unlock()
		if shared.cluster == nil && shared.err == nil {
			shared.cluster, shared.err = Start(ctx, Options{})
		}
		return "", shared.err
	})
	c := shared.cluster
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("kubernetes:\n%s", c.Log())
		}
	})
	return c
}

// StopShared stops the shared cluster if there is one. TestMain calls it at its end.
func StopShared(ctx context.Context) error {
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		return nil
	}
	c := shared.cluster
	shared.cluster = nil
	return c.Stop(ctx)
}
