package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// discoveryLimit is how long a change of a registry may take on a machine that does much else. Those that tell of changes take
// less than a second, which the log of a test says.
const discoveryLimit = 30 * time.Second

// resolving is an otlpctl resolve --watch.
type resolving struct {
	*process.Process
	t *testing.T
}

// watchService follows a URL.
func watchService(t *testing.T, url string, env ...string) *resolving {
	t.Helper()
	p := process.Run(t, process.Spec{Name: "resolve", Path: otlpctl(t), Args: []string{"resolve", "--watch", "-o", "json", url}, Env: env})
	return &resolving{p, t}
}

// instances are those that there are by what has been told so far, each as id=addr.
func (r *resolving) instances() string {
	r.t.Helper()
	text, err := os.ReadFile(r.StdoutPath())
	if err != nil {
		r.t.Fatal(err)
	}
	there := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var c struct {
			Change   string
			Instance struct{ ID, Addr string }
		}
		switch err := d.Decode(&c); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // the rest is being written
			var all []string
			for _, id := range slices.Sorted(maps.Keys(there)) {
				all = append(all, id+"="+there[id])
			}
			return strings.Join(all, " ")
		case err != nil:
			r.t.Fatalf("%v\n%s", err, text)
		case c.Change == "removed":
			delete(there, c.Instance.ID)
		default:
			there[c.Instance.ID] = c.Instance.Addr
		}
	}
}

// wait waits until there are exactly these instances.
func (r *resolving) wait(want string) {
	r.t.Helper()
	began := time.Now()
	wait.For(r.t, discoveryLimit, "the instances "+want, func() bool { return r.instances() == want })
	r.t.Logf("after %s: %q", time.Since(began).Round(time.Millisecond), want)
}

// waitSaid waits for a text among the notes.
func (r *resolving) waitSaid(want string) {
	r.t.Helper()
	wait.For(r.t, discoveryLimit, want, func() bool {
		text, err := os.ReadFile(r.StderrPath())
		return err == nil && strings.Contains(string(text), want)
	})
}

// interrupt ends the watch as Ctrl-C does.
func (r *resolving) interrupt() {
	r.t.Helper()
	if err := r.Signal(syscall.SIGINT); err != nil {
		r.t.Fatal(err)
	}
	if code, err := r.Wait(r.t.Context()); code != 130 || err != nil {
		r.t.Errorf("exit %d, %v; want 130", code, err)
	}
}

// resolveOnce asks for the instances of a service once.
func resolveOnce(t *testing.T, env []string, args ...string) outcome {
	t.Helper()
	return run(t, process.Spec{Name: "resolve", Path: otlpctl(t), Args: append([]string{"resolve"}, args...), Env: env})
}

// wantResolved asks once, with that result.
func wantResolved(t *testing.T, code int, stdout, stderr string, args ...string) {
	t.Helper()
	got := resolveOnce(t, nil, args...)
	if got.code != code || got.stdout != stdout || !strings.Contains(got.stderr, stderr) {
		t.Errorf("resolve %s: exit %d, %q, %q; want %d, %q, %q", strings.Join(args, " "), got.code, got.stdout, got.stderr, code, stdout, stderr)
	}
}
