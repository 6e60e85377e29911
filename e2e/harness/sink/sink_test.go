package sink_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/fault"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/random"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func TestMain(m *testing.M) {
	sink.RegisterZstd()
	os.Exit(m.Run())
}

// What the harness's client sends, its sink understands: otherwise no end-to-end test means anything.
func TestEveryWayIn(t *testing.T) {
	for _, protocol := range signal.Protocols() {
		for _, coding := range []string{"", "gzip", "zstd"} {
			t.Run(string(protocol)+"/"+coding, func(t *testing.T) {
				s := sink.Run(t)
				c := dial(t, s, protocol, coding)
				for _, sig := range signal.All() {
					want := random.Request(sig, 3)
					if err := c.Export(t.Context(), sig, want); err != nil {
						t.Fatal(err)
					}
					got := s.Messages(sig)
					if len(got) != 1 || signal.Items(got[0]) != signal.Items(want) || s.Items(sig) != signal.Items(want) {
						t.Errorf("%s: %d requests, %d items, want %d", sig, len(got), s.Items(sig), signal.Items(want))
					}
				}
				for _, r := range s.Accepted() {
					if r.Protocol != protocol || r.Coding != coding {
						t.Errorf("recorded %s with coding %q", r.Protocol, r.Coding)
					}
				}
			})
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, protocol := range signal.Protocols() {
		t.Run(string(protocol), func(t *testing.T) {
			s := sink.Run(t)
			c := dial(t, s, protocol, "")
			f := func(a sink.Answer, want func(*client.RefusedError) bool) {
				t.Helper()
				s.Answer(sink.Fixed(a))
				err := c.Export(t.Context(), signal.Logs, numbered.Request(signal.Logs, 1, 1))
				var refused *client.RefusedError
				if !errors.As(err, &refused) || !want(refused) {
					t.Errorf("%+v gave %v", a, err)
				}
			}
			f(sink.RetryLater(2*time.Second), func(e *client.RefusedError) bool {
				return e.Code == codes.Unavailable && e.Retryable() && e.RetryAfter == 2*time.Second
			})
			f(sink.Answer{Code: codes.InvalidArgument}, func(e *client.RefusedError) bool {
				return e.Code == codes.InvalidArgument && !e.Retryable()
			})
			f(sink.Answer{Rejected: 3, Message: "no"}, func(e *client.RefusedError) bool {
				return e.Code == codes.OK && e.Rejected == 3 && e.Message == "no"
			})
			if len(s.Refused()) != 2 || len(s.Accepted()) != 1 {
				t.Errorf("%d refused, %d accepted", len(s.Refused()), len(s.Accepted()))
			}
		})
	}
}

func TestLoadThroughFaults(t *testing.T) {
	s := sink.Run(t)
	p, err := fault.Start(t.Context(), s.GRPC())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	c, err := client.Dial(client.Target{Protocol: signal.GRPC, Addr: p.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	load := numbered.Load{Signal: signal.Traces, Clients: []client.Client{c, c}, Items: 5, Timeout: 5 * time.Second}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		load.Run(ctx)
	}()
	s.WaitItems(t, signal.Traces, 50, 10*time.Second)
	p.Refuse()
	p.Cut()
	if err := p.Accept(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Pause()
	p.Resume()
	s.WaitItems(t, signal.Traces, s.Items(signal.Traces)+50, 20*time.Second)
	stop()
	<-done
	v := numbered.Compare(load.Acked(), s.Messages(signal.Traces))
	if len(v.Missing) > 0 || v.Duplicates > 0 || v.Acked < 100 {
		t.Error(v)
	}
	lost := numbered.Compare([]uint64{1, 2}, []proto.Message{numbered.Request(signal.Traces, 2, 1), numbered.Request(signal.Traces, 2, 1)})
	if len(lost.Missing) != 1 || lost.Missing[0] != 1 || lost.Duplicates != 1 {
		t.Errorf("loss is not seen: %s", lost)
	}
}

func dial(t *testing.T, s *sink.Sink, protocol signal.Protocol, coding string) client.Client {
	t.Helper()
	target := client.Target{Protocol: protocol, Addr: s.HTTPAddr(), Coding: coding}
	if protocol == signal.GRPC {
		target.Addr = s.GRPC()
	}
	c, err := client.Dial(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
