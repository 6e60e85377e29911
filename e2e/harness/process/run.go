package process

import (
	"context"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const tailBytes = 4 << 10

// Run starts a program for the length of a test: it is stopped when the test ends, and the end of its log
// appears when the test failed. Logs go to a folder of the test when spec.Dir is empty.
func Run(t testing.TB, spec Spec) *Process {
	t.Helper()
	if spec.Dir == "" {
		spec.Dir = t.TempDir()
	}
	// The test's own context ends before its cleanups run, and cleanups may still need the process.
	p, err := Start(context.WithoutCancel(t.Context()), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := p.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s:\n%s", spec.Name, p.Tail(tailBytes))
		}
	})
	return p
}

// WaitListening waits until every address accepts connections; it fails at once when the process ends.
func (p *Process) WaitListening(ctx context.Context, limit time.Duration, addrs ...string) error {
	for _, addr := range addrs {
		err := wait.Until(ctx, limit, p.Name()+" to listen on "+addr, func() (bool, error) {
			if !p.Running() {
				return false, &EndedError{Name: p.Name(), Log: p.Tail(tailBytes)}
			}
			return wait.Listening(ctx, addr), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EndedError says that a process ended while something was still expected of it.
type EndedError struct {
	Name string
	Log  string // the end of what it wrote
}

func (e *EndedError) Error() string { return e.Name + " has ended; its last words:\n" + e.Log }
