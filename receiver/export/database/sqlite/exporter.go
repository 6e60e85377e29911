// Package sqlite keeps telemetry in a file: an SQLite database with its write-ahead log beside it.
//
// A batch is one transaction, or several if it is large. Once it has been exported, no end of the process takes it away again: the operating
// system has it. It is not flushed to the disk at once (synchronous = NORMAL), so a loss of power may take the last
// moments, whole batches from the end; the file is sound after either.
//
// One process writes, and holds a lock beside the file; any number read meanwhile, and hold nothing up. A reader keeps
// the log from beginning anew for as long as it is in a transaction. The log grows then, up to a bound (see Config), and
// at the bound batches wait in their queue until the reader has ended.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/internal/portion"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Config is where telemetry is kept, and how much of it.
type Config struct {
	// Path of the file. It is created with its folder if it does not exist, for its owner only. A ~ is a letter.
	Path string
	// MaxAge is how long items are kept after they were received; zero is for ever. It is not their own time that
	// counts: what comes late is not deleted at once, and what claims to be from the future is not kept for ever.
	MaxAge time.Duration
	// MaxBytes bounds the file with its log; zero does not. What was received first is deleted first. While somebody
	// reads for long, the log may take a quarter more.
	MaxBytes int64
}

// Exporter writes batches to the file. It implements pipeline.Exporter.
type Exporter struct {
	conf Config
	log  *slog.Logger

	turn chan struct{} // has room for one: who puts something in may use what follows
	conn *connection   // nil after a failure of the file, and after Close
	held *lock
	made bool // the file was not there, and nothing was written to it yet

	decoder row.Decoder
	writer  writer
	size    portion.Size // of transactions
	swept   int64        // what was last seen before this day is gone, in days since the Unix epoch

	duplicates atomic.Int64

	closing chan struct{} // closed by Close
	close   sync.Once
	tidying sync.WaitGroup
}

// errClosed is what becomes of a batch that comes too late.
var errClosed = errors.New("the exporter is closed")

// New opens the database, which no other process may write to: a *HeldError says who does. log tells what cannot be
// returned, such as failures to delete.
func New(c Config, log *slog.Logger) (*Exporter, error) {
	if err := named(c.Path); err != nil {
		return nil, err
	}
	e := &Exporter{conf: c, log: log, turn: make(chan struct{}, 1), closing: make(chan struct{})}
	if err := e.open(); err != nil {
		return nil, err
	}
	if c.MaxAge > 0 || c.MaxBytes > 0 {
		e.tidying.Go(e.keepTidy)
	}
	return e, nil
}

// open locks and opens the file. It is the caller's turn, or nobody else's yet.
func (e *Exporter) open() error { return explain(e.conf.Path, e.reopen()) }

func (e *Exporter) reopen() error {
	if e.held != nil && !e.held.stands(e.conf.Path) {
		_ = e.held.release() // nobody finds it any more
		e.held = nil
	}
	if e.held != nil {
		return e.connect()
	}
	made, err := create(e.conf.Path) // before there is a lock beside what is no database
	if err != nil {
		return err
	}
	held, err := acquire(e.conf.Path)
	if err != nil {
		if _, other := errors.AsType[*HeldError](err); made && !other {
			removeUnused(e.conf.Path)
		}
		return err
	}
	if err = held.sign(time.Now()); err == nil {
		err = e.connect()
	}
	if err != nil {
		if made {
			removeUnused(e.conf.Path)
		}
		return errors.Join(err, held.remove())
	}
	e.held, e.made = held, made
	return nil
}

func (e *Exporter) connect() error {
	if _, err := create(e.conf.Path); err != nil {
		return err
	}
	conn, err := connect(e.conf.Path, e.conf.logBytes())
	if err != nil {
		return err
	}
	s, err := newStatements(conn.Conn)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	e.conn, e.writer = conn, writer{statements: *s, conn: conn.Conn}
	return nil
}

// enter waits for the caller's turn. If it can begin at once, it does.
func (e *Exporter) enter(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		return nil
	default:
	}
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Exporter) leave() { <-e.turn }

// Export writes the batch in one transaction, or in several if it is large. While the file cannot be written the
// error is a *pipeline.RetryableError, and nothing of the batch is there, or a *pipeline.DividedError after the first
// transaction.
func (e *Exporter) Export(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	if err := e.enter(ctx); err != nil {
		return pipeline.Partial{}, &pipeline.RetryableError{Err: err}
	}
	defer e.leave()
	if err := e.ready(); err != nil {
		return pipeline.Partial{}, failure(e.conf.Path, err)
	}
	if !row.Holds(b.Signal) {
		return pipeline.Partial{}, &pipeline.RejectedError{Err: fmt.Errorf("%s have no tables in a database", b.Signal), Reason: pipeline.RefusedUnsupported}
	}
	e.made = false
	a := attempt{batch: b}
	err := e.write(ctx, &a)
	e.size.Learn(a.settled.Items, err)
	if err != nil {
		return pipeline.Partial{}, a.divide(failure(e.conf.Path, e.closeIfBroken(err)))
	}
	if err := e.trim(b.Items); err != nil {
		e.log.Error("telemetry above max_size_mib was not deleted", "error", explain(e.conf.Path, e.closeIfBroken(err)))
	}
	return a.settled.Partial, nil
}

// Duplicates returns how many items were left out because the database had them already.
func (e *Exporter) Duplicates() int64 { return e.duplicates.Load() }

// ready sees to it that the file at the path is open, and that its log has room.
func (e *Exporter) ready() error {
	select {
	case <-e.closing:
		return errClosed
	default:
	}
	if e.conn != nil && !e.conn.stands() {
		if err := e.beginAnew(); err != nil {
			return err
		}
	}
	if e.conn == nil {
		if err := e.reopen(); err != nil {
			return err
		}
		e.made = false // somebody may wait for what comes to be there
	}
	return e.bound()
}

// write brings the rows of a batch into the file, one part of it after the other.
func (e *Exporter) write(ctx context.Context, a *attempt) error {
	now := time.Now()
	received := a.batch.Admitted()
	if received.IsZero() {
		received = now
	}
	e.conn.SetInterrupt(ctx.Done())
	e.writer.begin(received, now)
	e.writer.most = e.size.Of(portion.MaxItems)
	e.writer.full = func() error { return e.nextPart(ctx, a) }
	defer func() {
		e.conn.SetInterrupt(nil)
		e.writer.full = nil
	}()
	e.decoder.Reset(row.Origin{Received: received, Skip: a.batch.Passed()})
	err := e.conn.within(func() error { return e.decode(a.batch) })
	switch {
	case err == nil:
		e.settle(a)
		return nil
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	e.writer.seen.forget()
	return err
}

func (e *Exporter) decode(b *pipeline.Batch) error {
	for _, p := range b.Parts {
		if err := e.decoder.Decode(b.Signal, p.Data.ReadOnlyData(), &e.writer); err != nil {
			return err
		}
	}
	return nil
}

// closeIfBroken closes a connection that may be of no use after an error, and returns the error.
func (e *Exporter) closeIfBroken(err error) error {
	if ofFile(err) {
		e.disconnect()
	}
	return err
}

// disconnect closes the file, but keeps the lock.
func (e *Exporter) disconnect() {
	if err := e.conn.Close(); err != nil {
		e.log.Warn("database was not closed cleanly", "error", explain(e.conf.Path, err))
	}
	e.conn, e.writer = nil, writer{}
}

// Close brings the log into the file, closes it and gives up the lock. A file that New has made and nothing was written
// to is removed.
func (e *Exporter) Close(ctx context.Context) error {
	e.close.Do(func() { close(e.closing) })
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	e.tidying.Wait()
	err := e.end()
	if e.held != nil {
		err = errors.Join(err, e.held.release())
		e.held = nil
	}
	return explain(e.conf.Path, err)
}
