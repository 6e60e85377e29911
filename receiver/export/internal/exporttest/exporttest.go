// Package exporttest drives an exporter the way the pipelines do: through a
// Destination with its queue, retries and books.
package exporttest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Rig is an exporter at work. At the end of the test it is drained, its books
// must balance, and every buffer must have been freed.
type Rig struct {
	Dest *pipeline.Destination
	Pool *buftest.Pool

	t      testing.TB
	routes map[wire.Signal]*pipeline.Route
	stop   context.CancelFunc
}

// Start runs a Destination that sends each request by itself through e. The
// exporter should take its buffers from pool.
func Start(t testing.TB, e pipeline.Exporter, s pipeline.Settings, pool *buftest.Pool) *Rig {
	return StartBatching(t, e, s, pool, pipeline.Limits{})
}

// StartBatching is Start with a batch processor in front.
func StartBatching(t testing.TB, e pipeline.Exporter, s pipeline.Settings, pool *buftest.Pool, limits pipeline.Limits) *Rig {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	r := &Rig{
		Dest: pipeline.NewDestination("test", e, s, pool, slog.New(slog.DiscardHandler)),
		Pool: pool, t: t, routes: map[wire.Signal]*pipeline.Route{}, stop: stop,
	}
	for _, sig := range wire.Signals() {
		r.routes[sig] = pipeline.NewRoute([]*pipeline.Lane{r.Dest.Lane(sig, limits)}, nil, nil)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Dest.Run(ctx) }()
	t.Cleanup(func() {
		r.Dest.Drain()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("close: %v", err)
		}
		for sig, books := range r.Dest.State().Books {
			if books.Unexplained() != 0 || books.Queued != 0 {
				t.Errorf("%s: the books do not balance: %+v", sig, books)
			}
		}
		pool.AllFreed(t)
	})
	return r
}

// Abort ends the time that sending may still take, as at the end of a shutdown.
func (r *Rig) Abort() { r.stop() }

// Send puts a request with that many items into the queue and gives up its own buffers.
func (r *Rig) Send(sig wire.Signal, request proto.Message, items int) {
	r.t.Helper()
	if _, err := r.Offer(sig, otlptest.Encode(request), nil, items); err != nil {
		r.t.Fatal(err)
	}
}

// Offer is Send for encoded requests, with the gzip member in which they came,
// if any. It returns what the client would learn.
func (r *Rig) Offer(sig wire.Signal, encoded, gzip []byte, items int) (pipeline.Partial, error) {
	p := pipeline.Payload{Signal: sig, Items: items, Data: r.Pool.Buffer(encoded)}
	defer p.Data.Free()
	if gzip != nil {
		p.Gzip = r.Pool.Buffer(gzip)
		defer p.Gzip.Free()
	}
	return r.routes[sig].Consume(r.t.Context(), &p)
}

// Books returns the account of a signal.
func (r *Rig) Books(sig wire.Signal) pipeline.Books { return r.Dest.State().Books[sig] }

// Settled waits until nothing is queued and returns the account of a signal.
func (r *Rig) Settled(sig wire.Signal) pipeline.Books {
	r.t.Helper()
	Until(r.t, "the queue is empty", func() bool { return r.Dest.State().Requests == 0 })
	return r.Books(sig)
}

// Until waits for a condition, for half a minute at most.
func Until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

// Batch returns a batch of the given parts, as a Destination would make it. Its
// buffers are the garbage collector's.
func Batch(sig wire.Signal, items int, parts ...pipeline.Part) *pipeline.Batch {
	b := &pipeline.Batch{Signal: sig, Items: items, Parts: parts}
	for _, p := range parts {
		if p.Data != nil {
			b.Bytes += p.Data.Len()
		}
	}
	return b
}

// Gzip returns data as a gzip member.
func Gzip(t testing.TB, data []byte) []byte {
	t.Helper()
	return Pack(t, compression.Gzip, data)
}

// Pack returns data compressed.
func Pack(t testing.TB, a compression.Algorithm, data []byte) []byte {
	t.Helper()
	packer, err := compression.NewPacker(a, compression.Fast)
	if err != nil {
		t.Fatal(err)
	}
	out, err := packer.Append(nil, mem.NopBufferPool{}, mem.SliceBuffer(data))
	if err != nil {
		t.Fatal(err)
	}
	return out.Materialize()
}
