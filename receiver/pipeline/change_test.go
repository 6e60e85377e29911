package pipeline

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func away(context.Context, int, *Batch) (Partial, error) {
	return Partial{}, &RetryableError{Err: errors.New("connection refused"), After: 2 * time.Minute}
}

// What waits for a backend that is away goes to the one that takes its place, at
// once, and the books go on.
func TestReconfigureTakesTheQueueAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong, right := &backend{answer: away}, &backend{}
		s := settings()
		s.Queue.NumConsumers = 2
		d := start(t, wrong, s)
		r := route(d.Lane(wire.Traces, Limits{}))
		for range 5 {
			consume(t, r, payload(3))
		}
		time.Sleep(time.Minute)
		closed, err := d.Reconfigure(t.Context(), right, s)
		if err != nil {
			t.Fatal(err)
		}
		<-closed
		synctest.Wait()
		if batches, items := right.received(); batches != 5 || items != 15 || !wrong.closed || right.closed {
			t.Errorf("%d batches with %d items arrived; old closed %v, new closed %v", batches, items, wrong.closed, right.closed)
		}
		if b := d.State().Books[wire.Traces]; b.Accepted != 15 || b.Exported != 15 {
			t.Errorf("books %+v", b)
		}
	})
}

// The old exporter is closed only when its last attempt has ended.
func TestReconfigureWaitsForAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		old := &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			<-release
			return Partial{}, nil
		}}
		d := start(t, old, settings())
		r := route(d.Lane(wire.Traces, Limits{}))
		consume(t, r, payload(1))
		synctest.Wait()
		closed, err := d.Reconfigure(t.Context(), &backend{}, settings())
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed during an attempt")
		default:
		}
		close(release)
		<-closed
	})
}

func TestReconfigureChangesConsumersAndBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		slow := func(context.Context, int, *Batch) (Partial, error) {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(time.Second)
			now.Add(-1)
			return Partial{}, nil
		}
		s := settings()
		s.Queue.NumConsumers = 1
		d := start(t, &backend{answer: slow}, s)
		r := route(d.Lane(wire.Traces, Limits{}))
		f := func(consumers int) {
			t.Helper()
			s.Queue.NumConsumers = consumers
			if _, err := d.Reconfigure(t.Context(), &backend{answer: slow}, s); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Second) // what was under way ends
			most.Store(0)
			for range 20 {
				consume(t, r, payload(1))
			}
			time.Sleep(time.Minute)
			if most.Load() != int64(consumers) {
				t.Errorf("%d batches at a time, want %d", most.Load(), consumers)
			}
		}
		f(5)
		f(2)
		f(7)
	})
}

func TestReconfigureComesTooLate(t *testing.T) {
	d := NewDestination("test", &backend{}, settings(), &Pool{}, discard())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(t.Context()) }()
	d.Retire()
	<-d.Ended()
	if _, err := d.Reconfigure(t.Context(), &backend{}, settings()); err == nil {
		t.Error("reconfigured after its end")
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	d.Drain() // does no harm
}

// Batches that are kept as gzip members only are unpacked for an exporter that
// cannot send them so.
func TestReconfigureUnpacksMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings()
		s.Passthrough = PassAll
		d := start(t, &backend{answer: away}, s)
		r := route(d.Lane(wire.Traces, Limits{}))
		encoded := otlptest.Encode(otlptest.Traces(4))
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(encoded); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		consume(t, r, &Payload{Signal: wire.Traces, Items: 4, Data: mem.SliceBuffer(encoded), Gzip: mem.SliceBuffer(packed.Bytes())})
		synctest.Wait()
		s.Passthrough = PassNone
		plain := &backend{}
		if _, err := d.Reconfigure(t.Context(), plain, s); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if plain.items != 4 || !bytes.Equal(plain.got[0], encoded) {
			t.Errorf("%d items arrived", plain.items)
		}
	})
}

// Requests follow a route that was replaced to the next one; those under way are
// waited for, and what they left in a batch is sent.
func TestReplaceRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := settings()
		s.Queue.WaitForResult = true
		waiting := start(t, &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			<-release
			return Partial{}, nil
		}}, s)
		e, next := &backend{}, &backend{}
		d := start(t, e, settings())
		slow := Limits{Timeout: time.Hour, MinItems: 100}
		old := route(d.Lane(wire.Traces, slow), waiting.Lane(wire.Traces, Limits{}))
		var all sync.WaitGroup
		all.Go(func() { consume(t, old, payload(1)) })
		synctest.Wait()

		replaced := route(start(t, next, settings()).Lane(wire.Traces, Limits{}))
		through := make(chan struct{})
		go func() {
			defer close(through)
			old.Replace(t.Context(), replaced)
		}()
		synctest.Wait()
		consume(t, old, payload(2)) // came late
		synctest.Wait()
		if _, items := next.received(); items != 2 {
			t.Errorf("%d items went the new way, want 2", items)
		}
		select {
		case <-through:
			t.Error("did not wait for the request under way")
		default:
		}
		close(release)
		all.Wait()
		<-through
		synctest.Wait()
		if _, items := e.received(); items != 1 {
			t.Errorf("%d items of the batch that was open were sent, want 1", items)
		}
		if len(d.queue.lanes) != 0 {
			t.Error("the old lane is still there")
		}

		replaced.Replace(t.Context(), nil)
		var later *OverloadError
		if _, err := replaced.Consume(t.Context(), payload(1)); !errors.As(err, &later) {
			t.Errorf("nobody takes it: %v", err)
		}
	})
}
