package dockerd

import (
	"context"
	"sync"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// shared is the engine of this test binary.
//
//nolint:gochecknoglobals // starting one takes seconds, and a test cannot be handed what TestMain has
var shared struct {
	sync.Mutex
	engine *Engine
	err    error
}

// Need returns the engine that the tests of this binary share; the first who asks starts it. Where there can be none the
// test is skipped, or fails: see programs.Need. Its log is shown if the test fails. Names of containers, volumes and
// images are the test's own affair.
func Need(t testing.TB) *Engine {
	t.Helper()
	programs.Need(t, func(ctx context.Context) (string, error) {
		shared.Lock()
		defer shared.Unlock()
		if shared.engine == nil && shared.err == nil {
			shared.engine, shared.err = Start(ctx)
		}
		return "", shared.err
	})
	e := shared.engine
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("dockerd:\n%s", e.Log())
		}
	})
	return e
}

// StopShared stops the shared engine if there is one. TestMain calls it at its end.
func StopShared(ctx context.Context) error {
	shared.Lock()
	defer shared.Unlock()
	if shared.engine == nil {
		return nil
	}
	e := shared.engine
	shared.engine = nil
	return e.Stop(ctx)
}
