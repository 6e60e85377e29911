package main

import (
	"context"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/generator"
	"github.com/otlpctl/otlpctl/e2e/bench/measure"
	"github.com/otlpctl/otlpctl/e2e/bench/payload"
	"github.com/otlpctl/otlpctl/e2e/bench/worker"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	ofRequest = 100 // items
	ofTrace   = 10  // spans
	window    = time.Second
	workers   = 16 // requests in flight
	conns     = 4
)

// feed sends items of a signal to a receiver, each of them once.
type feed struct {
	*worker.Worker

	to     *receiver
	signal signal.Signal
	sent   int64 // items
}

func (r *runner) feed(ctx context.Context, to *receiver, sig signal.Signal) (*feed, error) {
	w, err := measure.StartGenerator(ctx, r.self, generator.Spec{
		Shape:     payload.Shape{Signal: sig, Items: ofRequest, Trace: ofTrace, Window: window},
		Transport: generator.GRPC, Addr: to.grpc, Connections: conns, Workers: workers, Renew: true,
	}, "", r.messages)
	if err != nil {
		return nil, err
	}
	return &feed{Worker: w, to: to, signal: sig}, nil
}

// send sends requests, and returns when their items are in the database, with the time that took.
func (f *feed) send(ctx context.Context, run generator.Run) (time.Duration, error) {
	began := time.Now()
	var seen generator.Result
	if err := f.Call(run, &seen); err != nil {
		return 0, fmt.Errorf("%w\n%s", err, f.to.Tail(2000))
	}
	f.sent += int64(seen.Requests) * ofRequest
	err := f.to.drain(ctx, f.signal, f.sent)
	return time.Since(began), err
}

// compare returns an error unless a number of rows is that of all items that were sent.
func (f *feed) compare(rows int64) error {
	if rows != f.sent {
		return fmt.Errorf("%s: the database has %d rows of %d items: the run is void", f.signal, rows, f.sent)
	}
	return nil
}
