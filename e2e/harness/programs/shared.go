package programs

import (
	"context"
	"sync"
	"testing"
)

// Engine is what a test binary starts once, for all its tests.
type Engine interface {
	// Log returns the end of what it has printed.
	Log() string
	// Stop ends it, and leaves nothing behind.
	Stop(ctx context.Context) error
}

// Shared starts an engine for the first test that asks. The zero value is ready.
type Shared[E Engine] struct {
	mu      sync.Mutex
	engine  E
	running bool
	err     error
}

// Need returns the engine. Where there can be none the test is skipped, or fails: see the function Need. The log of the
// engine, under its name, is shown if the test fails.
func (s *Shared[E]) Need(t testing.TB, name string, start func(context.Context) (E, error)) E {
	t.Helper()
	var engine E
	Need(t, func(ctx context.Context) (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.running && s.err == nil {
			s.engine, s.err = start(ctx)
			s.running = s.err == nil
		}
		engine = s.engine
		return "", s.err
	})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s:\n%s", name, engine.Log())
		}
	})
	return engine
}

// Stop stops the engine if it runs. TestMain calls it at its end.
func (s *Shared[E]) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running {
		return nil
	}
	s.running = false
	return s.engine.Stop(ctx)
}
