package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// stuck is an answer that never comes, until its attempt is cut off.
func stuck(ctx context.Context, _ int, _ *Batch) (Partial, error) {
	<-ctx.Done()
	return Partial{}, &RetryableError{Err: ctx.Err()}
}

func TestFullQueueAsksTheClientToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings()
		s.Queue.QueueSize = 2
		e := &backend{answer: stuck}
		d := start(t, e, s)
		r := route(d.Lane(wire.Traces, Limits{}))
		consume(t, r, payload(1))
		consume(t, r, payload(1))
		_, err := r.Consume(t.Context(), payload(1))
		var full *OverloadError
		if !errors.As(err, &full) || full.After < time.Second {
			t.Errorf("got %v, want an OverloadError that says when to come back", err)
		}
		if b := d.State().Books[wire.Traces]; b.Accepted != 2 || b.Queued != 2 {
			t.Errorf("a refused request is in the books: %+v", b)
		}
		e.mu.Lock()
		e.answer = nil
		e.mu.Unlock()
	})
}

func TestQueueSizers(t *testing.T) {
	f := func(sizer Sizer, size int64, fit int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			s := settings()
			s.Queue.Sizer, s.Queue.QueueSize = sizer, size
			e := &backend{answer: stuck}
			r := route(start(t, e, s).Lane(wire.Traces, Limits{Timeout: time.Hour, MinItems: 10}))
			n := 0
			for ; n < 100; n++ {
				if _, err := r.Consume(t.Context(), payload(5)); err != nil {
					break
				}
			}
			if n != fit {
				t.Errorf("%s %d: %d requests of 5 items fit, want %d", sizer, size, n, fit)
			}
			e.mu.Lock()
			e.answer = nil
			e.mu.Unlock()
		})
	}
	f(Requests, 3, 6) // three batches of two requests
	f(Items, 20, 4)
	f(Bytes, int64(4*payload(5).Data.Len()), 4)
	f(Items, 1, 1) // an empty queue takes any one request
}

func TestE12_StuckExporterNeverHoldsUpAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings()
		s.Queue.QueueSize = 1
		bad, good := &backend{answer: stuck}, &backend{}
		slow, fast := start(t, bad, s), start(t, good, settings())
		r := route(slow.Lane(wire.Traces, Limits{}), fast.Lane(wire.Traces, Limits{}))
		for range 10 {
			consume(t, r, payload(1))
			synctest.Wait()
		}
		if _, items := good.received(); items != 10 {
			t.Errorf("%d items at the healthy exporter, want 10", items)
		}
		if b := slow.State().Books[wire.Traces]; b.Accepted != 10 || b.Queued != 1 || b.Dropped["queue_full"] != 9 {
			t.Errorf("books of the stuck exporter: %+v", b)
		}
		bad.mu.Lock()
		bad.answer = nil
		bad.mu.Unlock()
	})
}

func TestBlockOnOverflowWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings()
		s.Queue.QueueSize, s.Queue.BlockOnOverflow, s.Queue.NumConsumers = 1, true, 1
		e := &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			time.Sleep(letGo / 2)
			return Partial{}, nil
		}}
		r := route(start(t, e, s).Lane(wire.Traces, Limits{}))
		consume(t, r, payload(1))
		began := time.Now()
		consume(t, r, payload(1))
		if waited := time.Since(began); waited != letGo/2 {
			t.Errorf("waited %s for room, want %s", waited, letGo/2)
		}
		short, cancel := context.WithTimeout(t.Context(), letGo/4)
		defer cancel()
		var full *OverloadError
		if _, err := r.Consume(short, payload(1)); !errors.As(err, &full) {
			t.Errorf("a client that gave up got %v", err)
		}
	})
}

func TestQueueOffReturnsTheVerdict(t *testing.T) {
	f := func(answer func(context.Context, int, *Batch) (Partial, error), wantErr bool, wantRejected int64, want Books) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			s := settings()
			s.Queue.Enabled, s.Retry.Enabled = false, false
			d := start(t, &backend{answer: answer}, s)
			// A batch processor in the pipeline must not make the client wait.
			partial, err := route(d.Lane(wire.Traces, Limits{Timeout: time.Hour, MinItems: 100})).Consume(t.Context(), payload(5))
			if (err != nil) != wantErr || partial.Rejected != wantRejected {
				t.Errorf("got %+v, %v", partial, err)
			}
			got := d.State().Books[wire.Traces]
			if got.Accepted != want.Accepted || got.Exported != want.Exported || got.Rejected != want.Rejected {
				t.Errorf("books %+v, want %+v", got, want)
			}
		})
	}
	f(nil, false, 0, Books{Accepted: 5, Exported: 5})
	f(func(context.Context, int, *Batch) (Partial, error) { return Partial{Rejected: 2}, nil }, false, 2, Books{Accepted: 5, Exported: 3, Rejected: 2})
	f(func(context.Context, int, *Batch) (Partial, error) {
		return Partial{}, &RetryableError{Err: errors.New("unavailable")}
	}, true, 0, Books{})
}

// The exporter without a queue refuses: the others must not get a request that
// the client will send again.
func TestVerdictComesBeforeTheQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings()
		s.Queue.Enabled = false
		no := &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			return Partial{}, &RejectedError{Err: errors.New("no")}
		}}
		queued := &backend{}
		d := start(t, queued, settings())
		r := route(d.Lane(wire.Traces, Limits{}), start(t, no, s).Lane(wire.Traces, Limits{}))
		if _, err := r.Consume(t.Context(), payload(1)); err == nil {
			t.Error("the verdict did not reach the client")
		}
		synctest.Wait()
		if _, items := queued.received(); items != 0 {
			t.Error("the queued exporter got a request that was refused")
		}
	})
}

func TestDrainSendsWhatIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{}
		d := start(t, e, settings())
		r := route(d.Lane(wire.Traces, Limits{Timeout: time.Hour, MinItems: 100}))
		consume(t, r, payload(3))
		d.Drain()
		if _, items := e.received(); items != 3 || !e.closed {
			t.Errorf("%d items arrived, closed %v", items, e.closed)
		}
	})
}

func TestDrainRetriesAtOnceAndCountsWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			return Partial{}, &RetryableError{Err: errors.New("unavailable")}
		}}
		d := NewDestination("test", e, settings(), &Pool{}, discard())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = d.Run(ctx) }()
		consume(t, route(d.Lane(wire.Traces, Limits{})), payload(3))
		synctest.Wait()
		time.AfterFunc(4*time.Second, cancel)
		d.Drain()
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.calls < 4 {
			t.Errorf("%d attempts in the 4s that were left to drain", e.calls)
		}
		if b := d.State().Books[wire.Traces]; b.Dropped["shutdown"] != 3 || b.Queued != 0 || b.Unexplained() != 0 {
			t.Errorf("books: %+v", b)
		}
	})
}

func TestGroupsAreBatchedApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{}
		r := route(start(t, e, settings()).Lane(wire.Traces, Limits{Timeout: time.Second, MinItems: 100, MaxGroups: 2}))
		for _, group := range []string{"a", "b", "a"} {
			p := payload(1)
			p.Group = group
			consume(t, r, p)
		}
		p := payload(1)
		p.Group = "c"
		if _, err := r.Consume(t.Context(), p); err == nil {
			t.Error("a third group was accepted, two are allowed")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if batches, items := e.received(); batches != 2 || items != 3 {
			t.Errorf("%d batches of %d items in all", batches, items)
		}
	})
}

func TestPassthrough(t *testing.T) {
	gz := mem.SliceBuffer("member")
	request := func() *Payload { p := payload(1); p.Gzip = gz; return p }
	f := func(pass Passthrough, payloads []*Payload, want ...string) {
		t.Helper()
		b := &Batch{}
		for _, p := range payloads {
			b.add(p, pass, &Pool{})
		}
		b.closeTail(&Pool{})
		var got []string
		for _, p := range b.Parts {
			s := ""
			if p.Data != nil {
				s += "data"
			}
			if p.Gzip != nil {
				s += "gzip"
			}
			got = append(got, s)
		}
		if len(got) != len(want) {
			t.Errorf("pass %d: parts %q, want %q", pass, got, want)
			return
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("pass %d: parts %q, want %q", pass, got, want)
			}
		}
	}
	f(PassNone, []*Payload{request(), request(), request()}, "data", "data") // small requests share a buffer
	f(PassLone, []*Payload{request()}, "datagzip")
	f(PassLone, []*Payload{request(), request()}, "data", "data")
	f(PassAll, []*Payload{request(), request()}, "gzip", "gzip")
	f(PassAll, []*Payload{request(), payload(1), request()}, "gzip", "data", "gzip")
}

func TestProfilesAreNeverMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{}
		r := route(start(t, e, settings()).Lane(wire.Profiles, Limits{Timeout: time.Hour, MinItems: 100}))
		for range 2 {
			consume(t, r, &Payload{Signal: wire.Profiles, Items: 1, Data: mem.SliceBuffer("not looked at")})
		}
		synctest.Wait()
		if batches, _ := e.received(); batches != 2 {
			t.Errorf("%d batches, want one a request: profiles refer to their own dictionary", batches)
		}
	})
}

// Many clients, batches that share buffers between two exporters, and a pool
// that overwrites freed buffers: what arrives must be what was sent.
func TestSharedBuffersStayIntact(t *testing.T) {
	e1, e2 := &backend{}, &backend{}
	pool := &poison{}
	d1, d2 := start(t, e1, settings()), start(t, e2, settings())
	r := route(d1.Lane(wire.Traces, Limits{Timeout: time.Millisecond, MinItems: 300}), d2.Lane(wire.Traces, Limits{}))
	encoded := otlptest.Encode(otlptest.Traces(40))
	const clients, each = 8, 50
	done := make(chan struct{})
	for range clients {
		go func() {
			defer func() { done <- struct{}{} }()
			for range each {
				buf := pool.Get(len(encoded))
				copy(*buf, encoded)
				p := &Payload{Signal: wire.Traces, Items: 40, Data: mem.NewBuffer(buf, pool)}
				for {
					if _, err := r.Consume(t.Context(), p); err == nil {
						break
					}
				}
				p.Data.Free()
			}
		}()
	}
	for range clients {
		<-done
	}
	d1.Drain()
	d2.Drain()
	for _, e := range []*backend{e1, e2} {
		total := 0
		for _, b := range e.got {
			r, err := wire.Scan(wire.Traces, b)
			if err != nil {
				t.Fatalf("a batch was overwritten: %v", err)
			}
			total += r.Items
		}
		if total < clients*each*40 {
			t.Errorf("%d items arrived, want %d", total, clients*each*40)
		}
	}
}
