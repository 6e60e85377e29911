package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/load"
	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// foundTimeout is how long what was accepted may take to the database, by default: batches and queues are before it.
const foundTimeout = 10 * time.Second

// sendCheck is where send looks for what it has sent, and how long.
type sendCheck struct {
	database string
	timeout  time.Duration
}

func (c *sendCheck) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.database, "database", "", "`URL` of the database to look in, postgres://… or sqlite:PATH; by default the one that otlpctl query asks")
	f.DurationVar(&c.timeout, "check-timeout", foundTimeout, "how long --check waits, of files for the next item that is found")
}

// await waits until what was accepted of the sample is found.
func (r *sendReport) await(ctx context.Context, finder load.Finder, sample *load.Sample) error {
	limit, cancel := context.WithTimeoutCause(ctx, r.options.checks.timeout, load.ErrMissing)
	defer cancel()
	accepted := map[wire.Signal]int{}
	for _, signal := range r.Signals {
		accepted[signal.signal] = signal.Accepted
	}
	found, err := sample.Await(limit, finder, accepted)
	for i := range r.Signals {
		n := found[r.Signals[i].signal]
		r.Signals[i].Found = &n
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, load.ErrMissing) {
		err = hinted.New(fmt.Errorf("%w, after %s", load.ErrMissing, r.options.checks.timeout),
			"does the receiver write to this database? Batches and queues take their time: --check-timeout waits longer")
	}
	if err != nil {
		return r.stop(err)
	}
	return nil
}

// storeFinder looks for a sample in a database.
type storeFinder struct {
	*store.Store

	since time.Time
}

// open opens the database as queries do.
func (c *sendCheck) open(ctx context.Context) (*storeFinder, error) {
	found, err := (&queryOptions{database: c.database}).open(ctx)
	if err != nil {
		return nil, err
	}
	return &storeFinder{found, time.Now().Add(-sampleMargin)}, nil
}

const (
	// sampleMargin is how long before a sample is made its first item may have its time.
	sampleMargin = time.Minute
	// sampleMost is more than a sample has of any signal.
	sampleMost = 100
)

func (f *storeFinder) within() store.Range { return store.Range{Since: f.since} }

// Spans counts the spans of a trace.
func (f *storeFinder) Spans(ctx context.Context, traceID string) (int, error) {
	var id store.TraceID
	if _, err := hex.Decode(id[:], []byte(traceID)); err != nil {
		return 0, err
	}
	spans, err := f.Store.Spans(ctx, []store.TraceID{id})
	return len(spans), unlessNone(err)
}

// LogRecords counts the log records of a trace.
func (f *storeFinder) LogRecords(ctx context.Context, traceID string) (int, error) {
	logs, err := f.Logs(ctx, store.LogFilter{Range: f.within(), Trace: traceID, Limit: sampleMost})
	return len(logs), unlessNone(err)
}

// DataPoints counts the data points with an attribute.
func (f *storeFinder) DataPoints(ctx context.Context, key, value string) (int, error) {
	points, err := f.Points(ctx, store.MetricFilter{
		Range: f.within(), Name: load.MetricPrefix + "*", Attributes: []store.Attribute{{Key: key, Value: value}}, Limit: sampleMost,
	})
	return len(points), unlessNone(err)
}

// unlessNone makes of a database without any telemetry one in which nothing is found yet.
func unlessNone(err error) error {
	if errors.Is(err, store.ErrNothing) {
		return nil
	}
	return err
}
