package consul

import (
	"context"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

//nolint:gochecknoglobals // starting one takes seconds, and a test cannot be handed what TestMain has
var shared programs.Shared[*Agent]

// Need returns the agent that the tests of this binary share; the first who asks starts it. Where there can be none the test is
// skipped, or fails: see programs.Need. Its log is shown if the test fails. Names of services are the test's own affair; who
// halts an agent has one of its own: see Own.
func Need(t testing.TB) *Agent {
	t.Helper()
	return shared.Need(t, "consul", func(ctx context.Context) (*Agent, error) { return Start(ctx, Options{}) })
}

// StopShared stops the shared agent if there is one. TestMain calls it at its end.
func StopShared(ctx context.Context) error { return shared.Stop(ctx) }

// Own starts an agent for one test. Where there can be none the test is skipped, or fails.
func Own(t testing.TB, o Options) *Agent {
	t.Helper()
	programs.Need(t, programs.Consul)
	a, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("consul:\n%s", a.Log())
		}
		if err := a.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return a
}
