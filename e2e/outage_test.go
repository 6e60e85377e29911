package e2e_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/fault"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// smallQueue makes an outage felt soon, and its end too.
var smallQueue = []string{ //nolint:gochecknoglobals // a table
	"compression: none", "timeout: 1s",
	"sending_queue: {queue_size: 20, num_consumers: 4}",
	"retry_on_failure: {initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0s}",
}

// A backend goes away under load and comes back: meanwhile clients are told to come back later, the receiver stays
// ready, and nothing that was acknowledged is lost.
func TestBackendAwayAndBack(t *testing.T) {
	f := func(name string, away, back func(*testing.T, *fault.Proxy)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			behind := sink.Run(t)
			p := proxy(t, behind.GRPC())
			s := serve(t, forwarding(exporter("otlp", p.Addr(), smallQueue...), "otlp"))
			l := send(t, s)
			flowing(t, behind)
			away(t, p)
			wait.For(t, arrivalLimit, "clients to be refused", func() bool { return len(l.refused()) >= 30 })
			if code, body, err := get(t.Context(), "http://"+s.admin+"/ready"); err != nil || code != http.StatusOK {
				t.Errorf("/ready during an outage: %d %s %v", code, body, err)
			}
			back(t, p)
			flowing(t, behind)
			l.finish()
			for _, r := range l.refused() {
				if !r.Retryable() || r.RetryAfter <= 0 {
					t.Fatalf("a client was refused for good, or not told when to come back: %v", r)
				}
			}
			l.wantNothingMissing(t, behind)
			wantCleanExit(t, s)
		})
	}
	f("refused", func(_ *testing.T, p *fault.Proxy) {
		p.Refuse()
		p.Cut()
	}, func(t *testing.T, p *fault.Proxy) {
		if err := p.Accept(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	f("hanging", func(_ *testing.T, p *fault.Proxy) { p.Pause() }, func(_ *testing.T, p *fault.Proxy) { p.Resume() })
}

// A backend that asks for patience gets it, and loses nothing.
func TestBackendThrottles(t *testing.T) {
	t.Parallel()
	behind := sink.Run(t)
	s := serve(t, forwarding(exporter("otlp", behind.GRPC(), smallQueue...), "otlp"))
	behind.Answer(sink.Fixed(sink.RetryLater(300 * time.Millisecond)))
	l := send(t, s)
	wait.For(t, arrivalLimit, "the backend to refuse", func() bool { return len(behind.Refused()) >= 10 })
	behind.Answer(nil)
	flowing(t, behind)
	l.finish()
	l.wantNothingMissing(t, behind)
	wantCleanExit(t, s)
}

// wantCleanExit stops the server as an orchestrator does.
func wantCleanExit(t *testing.T, s *server) {
	t.Helper()
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	code, err := s.Wait(t.Context())
	if err != nil || code != 0 {
		t.Errorf("exit code %d, %v, want 0", code, err)
	}
}
