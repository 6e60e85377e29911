package e2e_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/fault"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const itemsPerRequest = 10

// loads is numbered telemetry of all signals over all protocols, under way.
type loads struct {
	each map[signal.Signal]*numbered.Load
	stop context.CancelFunc
	done chan struct{}
}

// send starts clients for every signal and protocol. Each waits for its answer before it sends again.
func send(t *testing.T, s *server) *loads {
	t.Helper()
	var targets []client.Target
	for _, protocol := range signal.Protocols() {
		targets = append(targets, client.Target{Protocol: protocol})
	}
	return sendThrough(t, s, pace{items: itemsPerRequest}, targets)
}

// pace is how much a client sends in a request, and how often; zero is as soon as the last was answered.
type pace struct {
	items   uint64
	every   time.Duration
	timeout time.Duration // of a request; zero is 10s
	after   uint64        // the last number of another load with the same sinks
}

// sendThrough starts a client of each kind for every signal.
func sendThrough(t *testing.T, s *server, pace pace, targets []client.Target) *loads {
	t.Helper()
	return sendBy(t, pace, func() []client.Client {
		var all []client.Client
		for _, target := range targets {
			all = append(all, s.dial(t, target))
		}
		return all
	})
}

// sendBy starts sending every signal by clients of its own.
func sendBy(t *testing.T, pace pace, clients func() []client.Client) *loads {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &loads{each: make(map[signal.Signal]*numbered.Load), stop: cancel, done: make(chan struct{})}
	ended := make(chan struct{})
	for _, sig := range signal.All() {
		load := &numbered.Load{Signal: sig, Items: pace.items, Every: pace.every, Timeout: pace.timeout, After: pace.after, Clients: clients()}
		if load.Timeout == 0 {
			load.Timeout = 10 * time.Second
		}
		l.each[sig] = load
		go func() {
			load.Run(ctx)
			ended <- struct{}{}
		}()
	}
	go func() {
		for range l.each {
			<-ended
		}
		close(l.done)
	}()
	t.Cleanup(l.finish)
	return l
}

// finish stops sending and waits for the last answers. It may be called twice.
func (l *loads) finish() {
	l.stop()
	<-l.done
}

// acked returns how many items were acknowledged.
func (l *loads) acked() int64 {
	n := 0
	for _, load := range l.each {
		n += len(load.Acked())
	}
	return int64(n)
}

func (l *loads) refused() []*client.RefusedError {
	var all []*client.RefusedError
	for _, load := range l.each {
		all = append(all, load.Refused()...)
	}
	return all
}

// wantAllAcked checks that no request failed in whatever way: no connection was refused or cut either.
func (l *loads) wantAllAcked(t *testing.T) {
	t.Helper()
	for sig, load := range l.each {
		refused, unanswered := load.Refused(), load.Unanswered()
		if len(refused) > 0 {
			t.Errorf("%s: %d requests were refused, the first: %v", sig, len(refused), refused[0])
		}
		if len(unanswered) > 0 {
			t.Errorf("%s: %d requests got no answer, the first: %v", sig, len(unanswered), unanswered[0])
		}
	}
}

// verdicts holds what was acknowledged against what arrived at any of the sinks.
func (l *loads) verdicts(behind ...*sink.Sink) map[signal.Signal]numbered.Verdict {
	out := make(map[signal.Signal]numbered.Verdict)
	for sig, load := range l.each {
		var arrived []proto.Message
		for _, b := range behind {
			arrived = append(arrived, b.Messages(sig)...)
		}
		out[sig] = numbered.Compare(load.Acked(), arrived)
	}
	return out
}

// wantNothingMissing waits until everything that was acknowledged has arrived at one of the sinks.
func (l *loads) wantNothingMissing(t *testing.T, behind ...*sink.Sink) {
	t.Helper()
	wait.For(t, arrivalLimit, "all acknowledged items at the sink", func() bool {
		for _, v := range l.verdicts(behind...) {
			if len(v.Missing) > 0 {
				return false
			}
		}
		return true
	})
}

// flowing waits until more items of every signal have come to the sink than are there now.
func flowing(t *testing.T, behind *sink.Sink) {
	t.Helper()
	for _, sig := range signal.All() {
		behind.WaitItems(t, sig, behind.Items(sig)+20*itemsPerRequest, arrivalLimit)
	}
}

func proxy(t *testing.T, upstream string) *fault.Proxy {
	t.Helper()
	p, err := fault.Start(t.Context(), upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}
