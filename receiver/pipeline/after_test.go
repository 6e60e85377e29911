package pipeline

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestAfter(t *testing.T) {
	pool := &buftest.Pool{}
	whole := &Batch{Signal: wire.Logs, Items: 10, Bytes: 7, oldest: time.Unix(1, 2), Parts: []Part{
		{Data: pool.Buffer([]byte("all")), Gzip: pool.Buffer([]byte("gzip"))}, {Gzip: pool.Buffer([]byte("more"))},
	}}
	rest := whole.After(3)
	last := rest.After(4)
	whole.Free()
	rest.Free()
	if last.Items != 3 || last.Passed() != 7 || last.Signal != wire.Logs || !last.Admitted().Equal(time.Unix(1, 2)) {
		t.Errorf("%+v", last)
	}
	if len(last.Parts) != 2 || string(last.Parts[0].Data.ReadOnlyData()) != "all" {
		t.Error("the parts are not those of the whole")
	}
	last.Free()
	pool.AllFreed(t)
}

// What is refused of a part is said like what is refused of a whole batch.
func TestRefusedOfAPartIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := dividing(&DividedError{
			Settled: []Settled{{Items: 60, Partial: Partial{Rejected: 7, Message: "no room for é"}}, {Items: 10, Err: &RejectedError{Err: errors.New("broken")}}},
			Rest:    rest(30), Err: &RetryableError{Err: errors.New("busy")},
		})
		var log bytes.Buffer
		d := NewDestination("test", e, settings(), &Pool{}, slog.New(slog.NewTextHandler(&log, nil)))
		ended := make(chan error, 1)
		go func() { ended <- d.Run(t.Context()) }()
		consume(t, route(d.Lane(wire.Traces, Limits{})), payload(100))
		synctest.Wait()
		d.Drain()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if said := log.String(); strings.Count(said, "items refused") != 1 || !strings.Contains(said, "items=7 ") || !strings.Contains(said, "no room for é") {
			t.Error(said)
		}
	})
}

// A batch of which each attempt settles a part is not given up, however long that takes, and it does not wait longer
// and longer.
func TestABatchThatGoesOnIsNotGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &backend{answer: func(_ context.Context, _ int, b *Batch) (Partial, error) {
			time.Sleep(10 * time.Second)
			if b.Items == 1 {
				return Partial{}, nil
			}
			return Partial{}, &DividedError{Settled: []Settled{{Items: 1}}, Rest: b.After(1), Err: &RetryableError{Err: errors.New("no time")}}
		}}
		s := Settings{Queue: DefaultQueueConfig(), Retry: DefaultRetryConfig()}
		s.Retry.MaxElapsedTime, s.Retry.InitialInterval, s.Retry.MaxInterval = 20*time.Second, time.Second, time.Hour
		d := start(t, e, s)
		began := time.Now()
		p := Payload{Signal: wire.Traces, Items: 100, Data: mem.SliceBuffer("all of it")}
		if _, err := route(d.Lane(wire.Traces, Limits{})).Consume(t.Context(), &p); err != nil {
			t.Fatal(err)
		}
		for d.State().Requests > 0 {
			time.Sleep(time.Second)
		}
		if books := d.State().Books[wire.Traces]; books.Exported != 100 || books.Unexplained() != 0 {
			t.Errorf("%+v", books)
		}
		if took := time.Since(began); took > 100*12*time.Second {
			t.Errorf("took %s", took)
		}
	})
}
