package pipeline

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// settling settles so many items of each batch, and leaves the rest.
func settling(items int) *backend {
	return &backend{answer: func(_ context.Context, _ int, b *Batch) (Partial, error) {
		if b.Items <= items {
			return Partial{}, nil
		}
		return Partial{}, &DividedError{Settled: []Settled{{Items: items}}, Rest: b.After(items), Err: &RetryableError{Err: errors.New("busy")}}
	}}
}

// zipped is a request that came compressed, in buffers of the pool.
func zipped(t *testing.T, pool *buftest.Pool, items int) *Payload {
	t.Helper()
	p := payload(items)
	var small bytes.Buffer
	z := gzip.NewWriter(&small)
	_, err := z.Write(p.Data.ReadOnlyData())
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	p.Data, p.Gzip = pool.Buffer(p.Data.ReadOnlyData()), pool.Buffer(small.Bytes())
	return p
}

// A change of the configuration and a shutdown find a batch of which some is settled. Nothing is counted twice, what is
// left goes on behind that, and no buffer is kept.
func TestRestOfABatchMovesOn(t *testing.T) {
	f := func(name string, before, after Passthrough, end func(t *testing.T, d *Destination, cancel func(), last *backend, s Settings), want Books) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			pool := &buftest.Pool{}
			s := settings()
			s.Passthrough, s.Retry.InitialInterval = before, time.Minute
			d := NewDestination("test", settling(40), s, pool, discard())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- d.Run(ctx) }()
			p := zipped(t, pool, 100)
			consume(t, route(d.Lane(wire.Traces, Limits{})), p)
			whole := bytes.Clone(p.Data.ReadOnlyData())
			p.Data.Free()
			p.Gzip.Free()
			synctest.Wait()
			last := &backend{answer: func(_ context.Context, _ int, b *Batch) (Partial, error) {
				if b.Items != 60 || b.Passed() != 40 || len(b.Parts) != 1 || !bytes.Equal(b.Parts[0].Data.ReadOnlyData(), whole) {
					t.Errorf("%s: %d items behind %d of %d parts", name, b.Items, b.Passed(), len(b.Parts))
				}
				return Partial{}, nil
			}}
			s.Passthrough = after
			end(t, d, cancel, last, s)
			d.Drain()
			if err := <-ended; err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got := d.State().Books[wire.Traces]
			if got.Unexplained() != 0 || got.Exported != want.Exported || got.Dropped["shutdown"] != want.Dropped["shutdown"] {
				t.Errorf("%s: %+v, want %+v", name, got, want)
			}
			pool.AllFreed(t)
		})
	}
	exchange := func(t *testing.T, d *Destination, _ func(), last *backend, s Settings) {
		t.Helper()
		closed, err := d.Reconfigure(t.Context(), last, s)
		if err != nil {
			t.Fatal(err)
		}
		<-closed
		synctest.Wait()
	}
	f("exchange", PassNone, PassNone, exchange, Books{Exported: 100})
	f("exchange of one that takes gzip as well", PassLone, PassNone, exchange, Books{Exported: 100})
	f("exchange of one that takes gzip only", PassAll, PassNone, exchange, Books{Exported: 100})
	f("shutdown", PassNone, PassNone, func(_ *testing.T, _ *Destination, cancel func(), _ *backend, _ Settings) {
		cancel()
		synctest.Wait()
	}, Books{Exported: 40, Dropped: map[string]int64{"shutdown": 60}})
	f("drain", PassNone, PassNone, func(*testing.T, *Destination, func(), *backend, Settings) {}, Books{Exported: 100})
}

// Without a queue, a client whose request was written in part alone hears so, and the request is in the books once it
// has come again.
func TestRestOfARequestThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := &buftest.Pool{}
		e := settling(40)
		d := NewDestination("test", e, Settings{Queue: QueueConfig{Sizer: Requests, QueueSize: 1, NumConsumers: 1}}, pool, discard())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(t.Context()) }()
		r := route(d.Lane(wire.Traces, Limits{}))
		p := zipped(t, pool, 100)
		if _, err := r.Consume(t.Context(), p); err == nil {
			t.Error("a part is missing, and the client does not hear of it")
		}
		e.answer = nil
		consume(t, r, p)
		p.Data.Free()
		p.Gzip.Free()
		d.Drain()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := d.State().Books[wire.Traces]; got.Accepted != 100 || got.Exported != 100 || got.Unexplained() != 0 {
			t.Errorf("%+v", got)
		}
		pool.AllFreed(t)
	})
}
