package sqlite

import (
	"context"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// attempt is one to write a batch.
type attempt struct {
	batch   *pipeline.Batch
	settled pipeline.Settled // what is committed, or refused
}

// settle books what was committed.
func (e *Exporter) settle(a *attempt) {
	a.settled.Items += e.writer.items
	a.settled.Partial = e.writer.refused.Partial(a.batch.Signal, "database "+e.conf.Path)
	e.duplicates.Add(e.writer.duplicates)
	e.writer.items, e.writer.duplicates = 0, 0
}

// nextPart commits a part of a batch and begins the next one. In between, the bounds of the file hold.
func (e *Exporter) nextPart(ctx context.Context, a *attempt) error {
	if err := e.conn.run("COMMIT"); err != nil {
		return err
	}
	written := e.writer.items
	e.settle(a)
	e.conn.SetInterrupt(nil)
	if err := e.trim(written); err != nil {
		return err
	}
	if err := e.bound(); err != nil {
		return err
	}
	e.conn.SetInterrupt(ctx.Done())
	return e.conn.run("BEGIN IMMEDIATE")
}

// divide returns the error for a batch whose rest was not written because of err.
func (a *attempt) divide(err error) error {
	if a.settled.Items == 0 {
		return err
	}
	return &pipeline.DividedError{Settled: []pipeline.Settled{a.settled}, Rest: a.batch.After(a.settled.Items), Err: err}
}
