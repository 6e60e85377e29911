package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// rest returns a batch that an exporter has left of another one.
func rest(items int) *Batch {
	return &Batch{Signal: wire.Traces, Items: items, Bytes: 4, Parts: []Part{{Data: mem.SliceBuffer("rest")}}}
}

// dividing answers the attempts of one batch of 100 items in turn.
func dividing(answers ...error) *backend {
	return &backend{answer: func(_ context.Context, attempt int, _ *Batch) (Partial, error) {
		if attempt > len(answers) {
			return Partial{}, nil
		}
		return Partial{}, answers[attempt-1]
	}}
}

func TestDividedBatch(t *testing.T) {
	busy, refused, broken := errors.New("busy"), errors.New("refused"), errors.New("broken")
	again := &RetryableError{Err: busy}
	f := func(name string, want Books, answers ...error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			e := dividing(answers...)
			s := Settings{Queue: DefaultQueueConfig(), Retry: DefaultRetryConfig()}
			s.Retry.MaxElapsedTime = 20 * time.Second
			d := start(t, e, s)
			route := NewRoute([]*Lane{d.Lane(wire.Traces, Limits{})}, nil, nil)
			p := Payload{Signal: wire.Traces, Items: 100, Data: mem.SliceBuffer("all of it")}
			if _, err := route.Consume(t.Context(), &p); err != nil {
				t.Fatal(err)
			}
			d.Drain()
			got := d.State().Books[wire.Traces]
			if got.Unexplained() != 0 || got.Exported != want.Exported || got.Rejected != want.Rejected ||
				got.Dropped["export_failed"] != want.Dropped["export_failed"] || got.Dropped["retries_exhausted"] != want.Dropped["retries_exhausted"] {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
		})
	}
	f("the rest is taken", Books{Exported: 100},
		&DividedError{Settled: []Settled{{Items: 60}}, Rest: rest(40), Err: again})
	f("the rest is divided again", Books{Exported: 97, Rejected: 3},
		&DividedError{Settled: []Settled{{Items: 60, Partial: Partial{Rejected: 1}}}, Rest: rest(40), Err: again},
		&DividedError{Settled: []Settled{{Items: 10, Partial: Partial{Rejected: 2}}}, Rest: rest(30), Err: again})
	f("parts fail for good", Books{Exported: 50, Rejected: 20, Dropped: map[string]int64{"export_failed": 30}},
		&DividedError{Settled: []Settled{{Items: 50}, {Items: 20, Err: &RejectedError{Err: refused}}, {Items: 30, Err: broken}}})
	f("the rest fails for good", Books{Exported: 90, Rejected: 10},
		&DividedError{Settled: []Settled{{Items: 90}}, Rest: rest(10), Err: again}, &RejectedError{Err: refused})
	f("the rest is given up", Books{Exported: 90, Dropped: map[string]int64{"retries_exhausted": 10}},
		&DividedError{Settled: []Settled{{Items: 90}}, Rest: rest(10), Err: again}, again, again, again, again, again, again, again)
}

// A client that waits learns what was not taken, and hears of an error if a part may
// not have arrived.
func TestDividedVerdict(t *testing.T) {
	refused, broken := errors.New("refused"), errors.New("broken")
	f := func(answer error, want Partial, wantErr error, accepted int64) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			d := start(t, dividing(answer), Settings{Queue: QueueConfig{Sizer: Requests, QueueSize: 1, NumConsumers: 1}})
			route := NewRoute([]*Lane{d.Lane(wire.Traces, Limits{})}, nil, nil)
			p := Payload{Signal: wire.Traces, Items: 100, Data: mem.SliceBuffer("all of it")}
			got, err := route.Consume(t.Context(), &p)
			if got != want || !errors.Is(err, wantErr) {
				t.Errorf("%+v, %v; want %+v, %v", got, err, want, wantErr)
			}
			if books := d.State().Books[wire.Traces]; books.Accepted != accepted || books.Unexplained() != 0 {
				t.Errorf("%+v", books)
			}
		})
	}
	f(&DividedError{Settled: []Settled{{Items: 60, Partial: Partial{Rejected: 1, Message: "old"}}, {Items: 40, Err: &RejectedError{Err: refused}}}},
		Partial{Rejected: 41, Message: "refused", Reasons: Refusals{RefusedPartly: 1, RefusedOther: 40}}, nil, 100)
	f(&DividedError{Settled: []Settled{{Items: 60}, {Items: 40, Err: broken}}}, Partial{}, broken, 0)
	f(&DividedError{Settled: []Settled{{Items: 60}}, Rest: rest(40), Err: &RetryableError{Err: broken}}, Partial{}, broken, 0)
}
