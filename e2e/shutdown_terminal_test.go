package e2e_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/terminal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Somebody at a terminal whose backend is away is told how to end the waiting, and what that has cost.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	behind := sink.Run(t)
	behind.Answer(sink.Fixed(sink.RetryLater(0)))
	s := configured(t, "otlpctl", drainingFor("1h", forwarding(exporter("otlp", behind.GRPC()), "otlp"))+adminSection)
	x := terminal.Run(t, terminal.Size{Columns: 120, Rows: 40}, exec.Command(otlpctl(t), "serve", "--config", s.file)) //nolint:noctx // it ends with the test
	shows := func(text string) {
		t.Helper()
		wait.For(t, startLimit, text, func() bool { return strings.Contains(x.Shown(), text) })
	}
	shows("msg=ready")
	if got := run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: []string{"send", "http://" + s.http}}); got.code != 0 {
		t.Fatalf("send: exit %d\n%s", got.code, got.stderr)
	}
	for _, text := range []string{"Ctrl-C again ends it, and gives up what is not delivered", "giving up what is not delivered yet"} {
		if err := x.Type(terminal.Interrupt); err != nil {
			t.Fatal(err)
		}
		shows(text)
	}
	if code, err := x.Wait(t.Context()); code != 1 || err != nil {
		t.Errorf("exit %d, %v", code, err)
	}
	shows("8 accepted items were not delivered")
}
