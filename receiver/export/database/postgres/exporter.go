// Package postgres writes telemetry to tables of PostgreSQL, which it makes and
// keeps. It knows the protocol by pgconn, without an SQL layer on top: items go by COPY in
// binary format.
//
// What was exported is committed. A batch whose fate is unknown, because the connection broke
// off, may be sent again: rows that are there are left out.
package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/internal/portion"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

var _ pipeline.Exporter = (*Exporter)(nil)

// Config says which database is written to, and how much of it is kept.
type Config struct {
	// URL is postgres:// or postgresql://, with the parameters of libpq.
	URL string
	// MaxConnections bounds the connections that are open at the same time.
	MaxConnections int
	// MaxAge is how long items are kept; zero is for good.
	MaxAge time.Duration
	// MaxBytes is how much room all tables and indexes may take; zero is no bound.
	MaxBytes int64
}

// Exporter writes batches to a database. It is safe for concurrent use.
type Exporter struct {
	cfg        Config
	log        *slog.Logger
	target     *target
	pool       *pool
	seen       seen
	partitions *partitions
	batches    sync.Pool // of *batch
	size       portion.Size
	duplicates atomic.Int64

	preparation preparation
	tending     sync.Once
	kept        retained

	closing   chan struct{} // closed by Close
	closeOnce sync.Once
	tasks     sync.WaitGroup
}

// New returns an Exporter. It reads the files that the URL names, but connects only when there
// is something to write. log gets what goes wrong apart from a batch.
func New(cfg Config, log *slog.Logger) (*Exporter, error) {
	t, err := parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	e := &Exporter{
		cfg: cfg, log: log, target: t, partitions: newPartitions(t, cfg.MaxAge, log), closing: make(chan struct{}),
	}
	e.pool = newPool(t, max(cfg.MaxConnections, 1), e.forget)
	e.batches.New = func() any { return &batch{seen: &e.seen, size: &e.size} }
	return e, nil
}

// Export writes b. With a nil error all of it is committed but for what the database refuses,
// one by one. If some of it is when it fails, the error is a *pipeline.DividedError, and what is left need not
// do that again.
func (e *Exporter) Export(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	if b.Items == 0 {
		return pipeline.Partial{}, nil
	}
	if !row.Holds(b.Signal) {
		return pipeline.Partial{}, &pipeline.RejectedError{Err: fmt.Errorf("%s: %s have no tables in a database", e.target.name, b.Signal), Reason: pipeline.RefusedUnsupported}
	}
	w, _ := e.batches.Get().(*batch)
	defer func() {
		if cap(w.rows.buf) <= maxKept {
			e.batches.Put(w)
		}
	}()
	w.settled = 0
	v := verdict{target: e.target}
	err := e.writeParts(ctx, w, b, &v)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err) // whatever it led to
		}
		err = &pipeline.RetryableError{Err: e.target.explain(err)}
	}
	return w.result(b, v.Partial(b.Signal, e.target.name), err)
}

// atOnce reports whether a batch may be tried again without a wait, and clears the way for it.
func (e *Exporter) atOnce(err error) bool {
	switch remedyOf(err) {
	case migrate:
		e.unprepared()
		e.forget()
		return true
	case again:
		return true
	default:
		return err == errForgotten //nolint:errorlint // returned as it is
	}
}

// Duplicates returns how many items were left out because the database had them already.
func (e *Exporter) Duplicates() int64 { return e.duplicates.Load() }

// use lends a connection to f.
func (e *Exporter) use(ctx context.Context, f func(context.Context, *session) error) error {
	conn, err := e.pool.acquire(ctx)
	if err != nil {
		return err
	}
	defer e.pool.release(ctx, conn)
	return f(ctx, conn)
}

// background runs work until it ends, at the latest when the exporter is closed. Of ctx only the
// values count.
func (e *Exporter) background(ctx context.Context, work func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.tasks.Go(func() {
		defer cancel()
		work(ctx)
	})
	go func() {
		defer cancel()
		select {
		case <-e.closing:
		case <-ctx.Done():
		}
	}()
}

// Close ends what goes on in the background and all connections. It waits until ctx ends at most.
// Further calls do nothing.
func (e *Exporter) Close(ctx context.Context) (err error) {
	e.closeOnce.Do(func() { err = e.end(ctx) })
	return err
}

func (e *Exporter) end(ctx context.Context) error {
	close(e.closing)
	ended := make(chan struct{})
	go func() {
		e.tasks.Wait()
		close(ended)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("%s: work in the background has not ended: %w", e.target.name, ctx.Err())
	}
	e.pool.close(ctx)
	return err
}
