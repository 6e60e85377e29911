package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// backend is an Exporter that a test scripts. It copies what it gets.
type backend struct {
	mu     sync.Mutex
	got    [][]byte
	items  int
	closed bool
	answer func(ctx context.Context, attempt int, b *Batch) (Partial, error)
	calls  int
}

func (e *backend) Export(ctx context.Context, b *Batch) (Partial, error) {
	e.mu.Lock()
	e.calls++
	call, answer := e.calls, e.answer
	e.mu.Unlock()
	var partial Partial
	if answer != nil {
		var err error
		if partial, err = answer(ctx, call, b); err != nil {
			return partial, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got = append(e.got, b.Encoded().Materialize())
	e.items += b.Items
	return partial, nil
}

func (e *backend) Close(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return nil
}

func (e *backend) received() (batches, items int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.got), e.items
}

// poison is a pool that overwrites what is given back, so that a use after the
// last Free shows.
type poison struct{ Pool }

func (p *poison) Put(b *[]byte) {
	for i := range *b {
		(*b)[i] = 0xff
	}
}

// start runs a Destination until the test ends.
func start(t *testing.T, e Exporter, s Settings) *Destination {
	t.Helper()
	d := NewDestination("test", e, s, &poison{}, discard())
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		d.Drain()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		checkBalance(t, d)
	})
	return d
}

func checkBalance(t *testing.T, d *Destination) {
	t.Helper()
	s := d.State()
	for sig, b := range s.Books {
		if b.Unexplained() != 0 {
			t.Errorf("%s: the books do not balance: %+v", sig, b)
		}
	}
	if s.Items != 0 || s.Requests != 0 || s.Bytes != 0 || s.Held != 0 {
		t.Errorf("the queue is not empty at the end: %+v", s)
	}
}

func settings() Settings {
	return Settings{Queue: DefaultQueueConfig(), Retry: DefaultRetryConfig(), Timeout: 5 * time.Second, MaxRequestBytes: MaxOTLPRequestBytes}
}

func payload(n int) *Payload {
	return &Payload{Signal: wire.Traces, Items: n, Data: mem.SliceBuffer(otlptest.Encode(otlptest.Traces(n)))}
}

func consume(t *testing.T, r *Route, p *Payload) {
	t.Helper()
	if _, err := r.Consume(t.Context(), p); err != nil {
		t.Fatalf("Consume: %v", err)
	}
}

func route(lanes ...*Lane) *Route { return NewRoute(lanes, nil, nil) }

func TestBatchesBySizeAndTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{}
		d := start(t, e, settings())
		r := route(d.Lane(wire.Traces, Limits{Timeout: time.Second, MinItems: 10}))
		for range 3 {
			consume(t, r, payload(4))
		}
		synctest.Wait()
		if batches, items := e.received(); batches != 1 || items != 12 {
			t.Errorf("after 12 items: %d batches, %d items; want one full batch", batches, items)
		}
		consume(t, r, payload(1))
		synctest.Wait()
		if batches, _ := e.received(); batches != 1 {
			t.Error("a batch was sent before it was full or old")
		}
		if s := d.State(); s.Books[wire.Traces].Queued != 1 {
			t.Errorf("the open batch is not in the books: %+v", s.Books)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if batches, items := e.received(); batches != 2 || items != 13 {
			t.Errorf("after the timeout: %d batches, %d items", batches, items)
		}
		for i, b := range e.got {
			if r, err := wire.Scan(wire.Traces, b); err != nil || i == 0 && r.Items != 12 {
				t.Errorf("batch %d: %+v, %v", i, r, err)
			}
		}
	})
}

func TestBatchBySizeInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{}
		d := start(t, e, settings())
		r := route(d.Lane(wire.Traces, Limits{Timeout: time.Hour, MinItems: 1 << 20, MinBytes: 100_000}))
		for range 5 {
			consume(t, r, payload(50)) // some 22 KB each: not copied
		}
		synctest.Wait()
		if batches, items := e.received(); batches != 1 || items != 250 {
			t.Errorf("%d batches, %d items", batches, items)
		}
	})
}

func TestSplitsAboveMaxSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{}
		d := start(t, e, settings())
		r := route(d.Lane(wire.Traces, Limits{Timeout: time.Second, MinItems: 10, MaxItems: 10}))
		consume(t, r, payload(7))
		consume(t, r, payload(7))
		consume(t, r, payload(25))
		time.Sleep(time.Second)
		synctest.Wait()
		total := 0
		for _, b := range e.got {
			r, err := wire.Scan(wire.Traces, b)
			if err != nil || r.Items > 10 {
				t.Errorf("batch of %d items, %v", r.Items, err)
			}
			total += r.Items
		}
		if total != 39 {
			t.Errorf("%d items arrived, want 39", total)
		}
	})
}

func TestE8_ItemLargerThanARequestIsDroppedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{}
		s := settings()
		s.MaxRequestBytes = 600
		d := start(t, e, s)
		m := otlptest.Traces(3)
		m.ResourceSpans[0].ScopeSpans[0].Spans[1].Name = string(make([]byte, 700))
		m.ResourceSpans[0].Resource, m.ResourceSpans[0].SchemaUrl, m.ResourceSpans[0].ScopeSpans[0].Scope = nil, "", nil
		consume(t, route(d.Lane(wire.Traces, Limits{})), &Payload{Signal: wire.Traces, Items: 3, Data: mem.SliceBuffer(otlptest.Encode(m))})
		synctest.Wait()
		if _, items := e.received(); items != 2 {
			t.Errorf("%d items arrived, want the two that fit", items)
		}
		if b := d.State().Books[wire.Traces]; b.Accepted != 3 || b.Exported != 2 || b.Dropped["too_large"] != 1 {
			t.Errorf("books: %+v", b)
		}
	})
}

func TestRetriesUntilTheBackendIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{answer: func(_ context.Context, call int, _ *Batch) (Partial, error) {
			if call < 4 {
				return Partial{}, &RetryableError{Err: errors.New("unavailable")}
			}
			return Partial{}, nil
		}}
		d := start(t, e, settings())
		consume(t, route(d.Lane(wire.Traces, Limits{})), payload(2))
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, items := e.received(); items != 2 {
			t.Fatalf("%d items arrived", items)
		}
		if s := d.State(); s.Retries != 3 || s.Failed != 3 || s.Failing != "" || s.Books[wire.Traces].Exported != 2 {
			t.Errorf("state: %+v", s)
		}
	})
}

func TestGivesUpAfterMaxElapsedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			return Partial{}, &RetryableError{Err: errors.New("unavailable")}
		}}
		d := start(t, e, settings())
		began := time.Now()
		consume(t, route(d.Lane(wire.Traces, Limits{})), payload(2))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		b := d.State().Books[wire.Traces]
		if b.Dropped["retries_exhausted"] != 2 || b.Queued != 0 {
			t.Errorf("after %s: %+v", time.Since(began), b)
		}
	})
}

func TestE10_ThrottleSlowsEveryConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Duration
		began := time.Now()
		e := &backend{}
		e.answer = func(_ context.Context, call int, _ *Batch) (Partial, error) {
			e.mu.Lock()
			defer e.mu.Unlock()
			times = append(times, time.Since(began))
			if call == 1 {
				return Partial{}, &RetryableError{Err: errors.New("throttled"), After: time.Minute}
			}
			return Partial{}, nil
		}
		r := route(start(t, e, settings()).Lane(wire.Traces, Limits{}))
		consume(t, r, payload(1))
		synctest.Wait()
		consume(t, r, payload(1))
		time.Sleep(59 * time.Second)
		synctest.Wait()
		e.mu.Lock()
		if len(times) != 1 {
			t.Errorf("sent at %v while the backend had asked for a minute", times)
		}
		e.mu.Unlock()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if _, items := e.received(); items != 2 {
			t.Errorf("%d items after the pause", items)
		}
	})
}

func TestE3_RejectedIsCountedAndNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			return Partial{}, &RejectedError{Err: errors.New("no")}
		}}
		d := start(t, e, settings())
		consume(t, route(d.Lane(wire.Traces, Limits{})), payload(3))
		time.Sleep(time.Hour)
		synctest.Wait()
		if b := d.State().Books[wire.Traces]; b.Rejected != 3 || e.calls != 1 {
			t.Errorf("%d calls, books %+v", e.calls, b)
		}
	})
}

func TestE7_PartialSuccessIsCountedAndNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{answer: func(context.Context, int, *Batch) (Partial, error) {
			return Partial{Rejected: 2, Message: "too old"}, nil
		}}
		d := start(t, e, settings())
		consume(t, route(d.Lane(wire.Traces, Limits{})), payload(5))
		synctest.Wait()
		if b := d.State().Books[wire.Traces]; b.Rejected != 2 || b.Exported != 3 || e.calls != 1 {
			t.Errorf("%d calls, books %+v", e.calls, b)
		}
	})
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
