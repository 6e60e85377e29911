// Package generator sends prepared requests as fast as the server answers them, or at a fixed rate, and measures how
// long each took. It encodes nothing while it runs.
package generator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/payload"
)

// variants is how many different bodies take turns: together they exceed the second-level cache.
const variants = 64

// requestTimeout bounds one request; a run with a timeout is void.
const requestTimeout = 30 * time.Second

// Spec says what to send where.
type Spec struct {
	Shape       payload.Shape
	Transport   Transport
	Addr        string // host:port
	Connections int
	Workers     int // requests in flight over all connections; over HTTP/1.1 each has a connection of its own
	// Renew makes the items of each request new, and of now, which is possible with plain protobuf only.
	Renew bool
}

// Transport is the protocol below OTLP.
type Transport string

// Transports.
const (
	GRPC Transport = "grpc"
	HTTP Transport = "http"
)

// Run is one order to the generator.
type Run struct {
	Requests int
	Rate     int // requests a second over all workers; 0 sends the next as soon as the last is answered
	// Past spreads the times of renewed items evenly over that much time before now.
	Past time.Duration
}

// Result is what a run saw from the client's side.
type Result struct {
	Requests int
	Bytes    int64 // of the bodies
	Wall     time.Duration
	P50, P99 time.Duration // of the time from sending to the answer; at a fixed rate from the time it was due
}

// sender sends one body and returns once it was acknowledged in full.
type sender interface {
	send(ctx context.Context, body []byte) error
	close() error
}

// Generator holds open connections and prepared bodies.
type Generator struct {
	bodies  [][]byte
	renewed *payload.Renewable // instead of bodies, or nil
	senders []sender           // one for each worker
	offset  int                // of the next run into bodies
}

// New prepares the bodies and the connections.
func New(spec Spec) (*Generator, error) {
	if spec.Connections < 1 || spec.Workers < 1 {
		return nil, errors.New("generator: needs at least one connection and one worker")
	}
	g := &Generator{}
	var err error
	if spec.Renew {
		g.renewed, err = payload.NewRenewable(spec.Shape, variants)
	} else {
		g.bodies, err = payload.Encode(spec.Shape, variants)
	}
	if err != nil {
		return nil, err
	}
	switch spec.Transport {
	case GRPC:
		g.senders, err = grpcSenders(spec)
	case HTTP:
		g.senders = httpSenders(spec)
	default:
		err = fmt.Errorf("generator: unknown transport %q", spec.Transport)
	}
	return g, err
}

// Run sends the ordered number of requests. The first failed request ends it with an error.
func (g *Generator) Run(ctx context.Context, run Run) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	times := make([][]time.Duration, len(g.senders))
	var next, size atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for w, s := range g.senders {
		times[w] = make([]time.Duration, 0, 2*run.Requests/len(g.senders))
		wg.Go(func() {
			var body []byte
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= run.Requests {
					return
				}
				began := pace(ctx, start, i, run.Rate)
				if g.renewed != nil {
					body = g.renewed.Append(body[:0], g.offset+i, run.latest(i))
				} else {
					body = g.bodies[(g.offset+i)%len(g.bodies)]
				}
				if err := s.send(ctx, body); err != nil {
					cancel(fmt.Errorf("request %d: %w", i, err))
					return
				}
				times[w] = append(times[w], time.Since(began))
				size.Add(int64(len(body)))
			}
		})
	}
	wg.Wait()
	wall := time.Since(start)
	g.offset += run.Requests
	if err := context.Cause(ctx); err != nil {
		return Result{}, err
	}
	all := slices.Concat(times...)
	slices.Sort(all)
	return Result{
		Requests: len(all), Bytes: size.Load(), Wall: wall,
		P50: percentile(all, 50), P99: percentile(all, 99),
	}, nil
}

// latest returns when the last item of request i was.
func (r Run) latest(i int) time.Time {
	return time.Now().Add(-r.Past / time.Duration(r.Requests) * time.Duration(r.Requests-1-i))
}

// pace waits until request i is due and returns that moment; without a rate it is due now.
func pace(ctx context.Context, start time.Time, i, rate int) time.Time {
	if rate == 0 {
		return time.Now()
	}
	due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return due
}

func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

// Close closes the connections.
func (g *Generator) Close() error {
	var errs []error
	for _, s := range g.senders {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}
