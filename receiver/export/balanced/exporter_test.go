package balanced

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/resolve"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func spans(n int) *pipeline.Batch {
	return exporttest.Batch(wire.Traces, n, pipeline.Part{Data: mem.SliceBuffer(otlptest.Encode(otlptest.Traces(n)))})
}

// pauseOf returns for how long a retryable error asks to wait.
func pauseOf(t *testing.T, err error) time.Duration {
	t.Helper()
	r, ok := errors.AsType[*pipeline.RetryableError](err)
	if !ok {
		t.Fatalf("%v may not be tried again", err)
	}
	return r.After
}

func TestSpreadsBatches(t *testing.T) {
	s := newService(letters(5)...)
	e := s.exporter(t, nil)
	for range 100 {
		if _, err := e.Export(t.Context(), spans(2)); err != nil {
			t.Fatal(err)
		}
	}
	for _, addr := range letters(5) {
		s.at(addr, func(b *backend) {
			if b.items != 40 {
				t.Errorf("%s got %d spans, want 40", addr, b.items)
			}
		})
	}
	if s.opened != 5 {
		t.Errorf("%d connections", s.opened)
	}
}

func TestGoesToAnotherInstance(t *testing.T) {
	s := newService(letters(3)...)
	e := s.exporter(t, nil)
	s.at("b:1", func(b *backend) { b.answer = refuses })
	for range 90 {
		if _, err := e.Export(t.Context(), spans(1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(s.logged(), "instance is left out"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	d := e.Discovered(10)
	if d.Failovers != 5 || d.Conditions[balance.Ejected] != 1 || d.Ejections != 1 {
		t.Errorf("want 5 failures to eject it: %+v", d)
	}
}

func TestAsksOnlyAFew(t *testing.T) {
	s := newService(letters(6)...)
	e := s.exporter(t, nil)
	s.all(refuses)
	_, err := e.Export(t.Context(), spans(1))
	if after := pauseOf(t, err); after != 0 || !errors.Is(err, errRefused) || !strings.Contains(err.Error(), "3 instances did not take it") {
		t.Errorf("%v after %s", err, after)
	}
	if called := slices.Compact(s.called()); len(called) != 3 {
		t.Errorf("asked %v", called)
	}
}

func TestARefusalIsFinal(t *testing.T) {
	s := newService(letters(3)...)
	e := s.exporter(t, nil)
	s.all(rejects)
	_, err := e.Export(t.Context(), spans(1))
	if _, ok := errors.AsType[*pipeline.RejectedError](err); !ok || len(s.called()) != 1 {
		t.Errorf("%v, asked %v", err, s.called())
	}
	if c := e.Discovered(3).Instances; c[0].Failures+c[1].Failures+c[2].Failures != 0 {
		t.Errorf("a refusal counts as a failure: %+v", c)
	}
}

// Who asks to wait is left out for so long, and another one is asked. The exporter waits
// if all have asked for it, until the first of them takes requests again.
func TestRespectsThrottling(t *testing.T) {
	const taken = time.Duration(-1)
	f := func(script func(*service), n int, after time.Duration, asked int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			s := newService(letters(n)...)
			e := s.exporter(t, nil)
			script(s)
			_, err := e.Export(t.Context(), spans(1))
			switch {
			case after == taken && err != nil:
				t.Error(err)
			case after >= 0 && pauseOf(t, err) != after:
				t.Errorf("want to wait %s, got %s (%v)", after, pauseOf(t, err), err)
			}
			if got := len(s.called()); got != asked {
				t.Errorf("asked %d instances, want %d", got, asked)
			}
			if e.Discovered(0).Ejections != 0 {
				t.Error("who asks to wait has not failed")
			}
		})
	}
	f(func(s *service) { s.all(asksToWait(7 * time.Second)) }, 1, 7*time.Second, 1)
	f(func(s *service) { s.all(asksToWait(7 * time.Second)) }, 5, 0, 2)
	f(func(s *service) {
		s.at("a:1", func(b *backend) { b.answer = asksToWait(2 * time.Second) })
		s.at("b:1", func(b *backend) { b.answer = asksToWait(9 * time.Second) })
	}, 2, 2*time.Second, 2)
	first := sync.Once{}
	f(func(s *service) {
		s.all(func(ctx context.Context, b *pipeline.Batch) (p pipeline.Partial, err error) {
			first.Do(func() { p, err = asksToWait(time.Minute)(ctx, b) })
			return p, err
		})
	}, 3, taken, 2)
}

func TestLeavesOutWhoAsksToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(letters(2)...)
		e := s.exporter(t, func(c *Config) { c.SlowStart = 0 })
		s.at("a:1", func(b *backend) { b.answer = asksToWait(time.Minute) })
		send := func(n int) {
			t.Helper()
			for range n {
				if _, err := e.Export(t.Context(), spans(1)); err != nil {
					t.Fatal(err)
				}
			}
		}
		send(20)
		s.at("a:1", func(b *backend) {
			if b.calls != 1 {
				t.Errorf("it was asked %d times within the minute", b.calls)
			}
			b.answer = nil
		})
		time.Sleep(time.Minute)
		send(20)
		s.at("a:1", func(b *backend) {
			if b.items != 10 {
				t.Errorf("after it, it got %d of 20", b.items)
			}
		})
	})
}

func TestNobodyThere(t *testing.T) {
	s := newService()
	s.answers <- resolve.Answer{Err: errors.New("no leader")}
	e := s.exporter(t, nil)
	_, err := e.Export(t.Context(), spans(1))
	if pauseOf(t, err) != 0 || !errors.Is(err, resolve.ErrNoInstances) || !strings.Contains(err.Error(), "export to test://service: no instances: no leader") {
		t.Error(err)
	}
}

func TestWaitsForTheFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.backends["a:1"] = &backend{}
		e := s.exporter(t, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := e.Export(ctx, spans(1))
		if pauseOf(t, err) != 0 || !strings.Contains(err.Error(), "the registry has not answered yet") {
			t.Error(err)
		}
		time.AfterFunc(time.Second, func() { s.answers <- resolve.Answer{Instances: named("a:1")} })
		if _, err := e.Export(t.Context(), spans(1)); err != nil {
			t.Error(err)
		}
	})
}

// What the registry said last stays in use while it is away; the log says so once.
func TestUsesTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService("a:1")
		e := s.exporter(t, nil)
		e.Start(t.Context())
		for range 3 {
			s.answers <- resolve.Answer{Instances: named("a:1"), Err: errors.New("agent is away"), At: time.Now()}
		}
		synctest.Wait()
		if _, err := e.Export(t.Context(), spans(1)); err != nil {
			t.Error(err)
		}
		if d := e.Discovered(1); d.Problem != "agent is away" || d.Failures != 3 || d.Known != 1 || d.At.IsZero() {
			t.Errorf("%+v", d)
		}
		s.answers <- resolve.Answer{Instances: named("a:1")}
		s.answers <- resolve.Answer{}
		s.answers <- resolve.Answer{}
		s.answers <- resolve.Answer{Instances: named("a:1")}
		synctest.Wait()
		for _, line := range []string{"cannot be asked", "answers again", "knows no instances", "knows instances again"} {
			if n := strings.Count(s.logged(), line); n != 1 {
				t.Errorf("%q was logged %d times", line, n)
			}
		}
		if d := e.Discovered(1); d.Problem != "" || d.Answers != 5 {
			t.Errorf("%+v", d)
		}
	})
}

// The connection to an instance that is gone is closed behind its last request.
func TestClosesWhatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService("a:1", "b:1")
		e := s.exporter(t, nil)
		hold := make(chan struct{})
		s.at("a:1", func(b *backend) {
			b.answer = func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
				<-hold
				return pipeline.Partial{}, nil
			}
		})
		var sending sync.WaitGroup
		for range 2 {
			sending.Go(func() {
				if _, err := e.Export(t.Context(), spans(1)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		s.answers <- resolve.Answer{}
		synctest.Wait()
		if !slices.Equal(s.closed, []string{"b:1"}) {
			t.Errorf("closed %v", s.closed)
		}
		close(hold)
		sending.Wait()
		if !slices.Equal(s.closed, []string{"b:1", "a:1"}) || len(e.clients.byAddr) != 0 {
			t.Errorf("closed %v, %d are left", s.closed, len(e.clients.byAddr))
		}
	})
}

func TestAnInstanceThatCannotBeOpened(t *testing.T) {
	s := newService("a:1")
	s.openErr = errors.New("ca.pem: no such file")
	e := s.exporter(t, nil)
	_, err := e.Export(t.Context(), spans(1))
	if pauseOf(t, err) != 0 || !strings.Contains(err.Error(), "export to a:1: ca.pem: no such file") {
		t.Error(err)
	}
	s.openErr = nil
	if _, err := e.Export(t.Context(), spans(1)); err != nil {
		t.Error(err)
	}
}

// An attempt that is given up from outside says nothing of the instance.
func TestCancelledIsNoFailure(t *testing.T) {
	s := newService("a:1", "b:1")
	e := s.exporter(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	s.all(func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
		cancel()
		return refuses(ctx, nil)
	})
	_, err := e.Export(ctx, spans(1))
	if pauseOf(t, err) != 0 || len(s.called()) != 1 || e.Discovered(0).Failovers != 0 {
		t.Errorf("asked %v", s.called())
	}
	for _, m := range e.Discovered(2).Instances {
		if m.Failures != 0 {
			t.Errorf("%+v", m)
		}
	}
}

func TestProbe(t *testing.T) {
	f := func(n int, script func(*service), want string) {
		t.Helper()
		s := newService(letters(n)...)
		if n == 0 {
			s.answers <- resolve.Answer{}
		}
		script(s)
		err := s.exporter(t, nil).Probe(t.Context(), wire.Traces)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f(3, func(*service) {}, "")
	f(3, func(s *service) { s.at("b:1", func(b *backend) { b.answer = refuses }) }, "")
	f(3, func(s *service) { s.all(refuses) }, "none of 3 instances of test://service takes requests, the first one: connection refused")
	f(1, func(s *service) { s.all(rejects) }, "invalid token")
	f(0, func(*service) {}, "no instances")
}

// There may be many instances: none of them takes a goroutine, or a connection, before
// it is sent to.
func TestManyInstances(t *testing.T) {
	addrs := make([]string, 10_000)
	for i := range addrs {
		addrs[i] = fmt.Sprintf("h%d:1", i)
	}
	before := runtime.NumGoroutine()
	s := newService(addrs...)
	e := s.exporter(t, func(c *Config) { c.Policy = balance.LeastConnections })
	for range 50 {
		if _, err := e.Export(t.Context(), spans(1)); err != nil {
			t.Fatal(err)
		}
	}
	if n := runtime.NumGoroutine() - before; n > 5 || s.opened != 50 || e.Discovered(100).Known != 10_000 || len(e.Discovered(100).Instances) != 100 {
		t.Errorf("%d goroutines, %d connections", n, s.opened)
	}
}
