package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// SIGTERM in the middle of everything: whatever was acknowledged arrives, once, and the receipt says exactly that.
func TestShutdownUnderLoad(t *testing.T) {
	f := func(name string, answer sink.Script, settings ...string) {
		for round := range 3 {
			t.Run(fmt.Sprintf("%s %d", name, round), func(t *testing.T) {
				t.Parallel()
				behind := sink.Run(t)
				behind.Answer(answer)
				s := serve(t, forwarding(exporter("otlp", behind.GRPC(), settings...), "otlp"))
				l := send(t, s)
				flowing(t, behind)
				wantCleanExit(t, s)
				l.finish()
				for sig, v := range l.verdicts(behind) {
					if len(v.Missing) > 0 || v.Duplicates > 0 || v.Acked == 0 {
						t.Errorf("%s: %s", sig, v)
					}
				}
				for _, a := range receiptOf(t, s) {
					if want := int64(behind.Items(a.signal)); a.exported != want || a.accepted != want || a.unexplained() != 0 {
						t.Errorf("receipt %+v, but %d items arrived", a, want)
					}
				}
			})
		}
	}
	f("healthy", nil, "compression: none")
	f("slow", func(ctx context.Context, _ sink.Request) sink.Answer {
		select {
		case <-time.After(30 * time.Millisecond):
		case <-ctx.Done():
		}
		return sink.Answer{}
	}, "compression: gzip", "sending_queue: {num_consumers: 2}")
}

// A backend that never comes back costs the items that are queued. The receipt owns up to every one of them, and the
// exit code says so, whether time is up or somebody has had enough.
func TestShutdownWithoutBackend(t *testing.T) {
	t.Run("time is up", func(t *testing.T) { testShutdownWithoutBackend(t, "1s") })
	t.Run("given up", func(t *testing.T) { testShutdownWithoutBackend(t, "1h", "still draining") })
}

// testShutdownWithoutBackend sends SIGTERM, and once more when something is logged.
func testShutdownWithoutBackend(t *testing.T, timeout string, more ...string) {
	t.Parallel()
	behind := sink.Run(t)
	s := serve(t, drainingFor(timeout, forwarding(exporter("otlp", behind.GRPC(), smallQueue...), "otlp")))
	l := send(t, s)
	flowing(t, behind)
	behind.Answer(sink.Fixed(sink.RetryLater(50 * time.Millisecond)))
	wait.For(t, arrivalLimit, "clients to be refused", func() bool { return len(l.refused()) >= 10 })
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, message := range more {
		wait.For(t, arrivalLimit, message, func() bool { return s.countLogged(t, message) > 0 })
		if err := s.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	if code, err := s.Wait(t.Context()); err != nil || code != 1 {
		t.Errorf("exit code %d, %v, want 1", code, err)
	}
	l.finish()
	var accepted, missing int64
	for _, v := range l.verdicts(behind) {
		missing += int64(len(v.Missing))
	}
	lost := int64(0)
	for _, a := range receiptOf(t, s) {
		if a.exported != int64(behind.Items(a.signal)) || a.unexplained() != 0 || a.queued != 0 {
			t.Errorf("receipt %+v, but %d items arrived", a, behind.Items(a.signal))
		}
		accepted += a.accepted
		lost += a.rejected + a.dropped
	}
	if missing == 0 || lost < missing {
		t.Errorf("%d acknowledged items are missing, the receipt says that %d were lost", missing, lost)
	}
	if acked := l.acked(); accepted < acked {
		t.Errorf("%d items were acknowledged, the receipt says that %d were accepted", acked, accepted)
	}
}

// drainingFor returns a configuration with a limit for the drain.
func drainingFor(timeout, config string) string {
	return strings.Replace(config, "\nservice:\n", "\nservice:\n  shutdown: {timeout: "+timeout+"}\n", 1)
}

// account is one line of the receipt.
type account struct {
	exporter                                               string
	signal                                                 signal.Signal
	accepted, exported, queued, spooled, rejected, dropped int64
}

func (a account) unexplained() int64 {
	return a.accepted - a.exported - a.queued - a.spooled - a.rejected - a.dropped
}

// receiptOf reads the receipt from the standard output of a server that has ended: one line for each exporter and
// signal, a header line above them only on a terminal.
func receiptOf(t *testing.T, s *server) []account {
	t.Helper()
	out := accountsOf(t, s)
	if len(out) != len(signal.All()) {
		t.Errorf("the receipt has %d accounts, want one for each signal: %+v", len(out), out)
	}
	return out
}

func accountsOf(t *testing.T, s *server) []account {
	t.Helper()
	text, err := os.ReadFile(s.StdoutPath())
	if err != nil {
		t.Fatal(err)
	}
	var out []account
	for line := range strings.Lines(string(text)) {
		columns := strings.Fields(line)
		if len(columns) < 8 || columns[0] == "EXPORTER" {
			continue
		}
		a := account{exporter: columns[0]}
		if a.signal, err = signal.Parse(columns[1]); err != nil {
			t.Fatalf("receipt: %q: %v", line, err)
		}
		for i, into := range []*int64{&a.accepted, &a.exported, &a.queued, &a.spooled, &a.rejected, &a.dropped} {
			if *into, err = strconv.ParseInt(columns[2+i], 10, 64); err != nil {
				t.Fatalf("receipt: %q: %v", line, err)
			}
		}
		out = append(out, a)
	}
	return out
}
