package store

import (
	"context"
	"errors"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// defaultPoll is how often is looked for what has arrived.
const defaultPoll = time.Second

// arrival is an item that has arrived.
type arrival struct {
	row.PrimaryKey

	trace TraceID // of a span
}

// arrivals finds each item that arrives in a table once. Around each mark it looks twice, and remembers the keys from
// there.
type arrivals struct {
	store     *Store
	table     string
	since     instant
	condition func(*query) error
	trace     bool // items are spans

	mark int64
	keys map[row.ID]bool
}

// begin takes what is there already as known.
func (a *arrivals) begin(ctx context.Context) (err error) {
	a.keys = map[row.ID]bool{}
	if a.mark, err = a.store.db.mark(ctx, a.table); err != nil {
		return err
	}
	_, err = a.next(ctx)
	return err
}

// known adds an item to those that do not count as arrived.
func (a *arrivals) known(key row.ID) { a.keys[key] = true }

// next returns what has arrived since the last call that had no error.
func (a *arrivals) next(ctx context.Context) ([]arrival, error) {
	mark, err := a.store.db.mark(ctx, a.table)
	if err != nil {
		return nil, err
	}
	q, err := a.query()
	if err != nil {
		return nil, err
	}
	var fresh []arrival
	keys := map[row.ID]bool{}
	err = a.store.run(ctx, q, func(c columns) error {
		of := scan{columns: c}
		one := arrival{PrimaryKey: of.primaryKey()}
		if a.trace {
			one.trace = TraceID(of.id())
		}
		keys[one.Key] = true
		if !a.keys[one.Key] {
			fresh = append(fresh, one)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.mark, a.keys = mark, keys // what is not found around this mark is not found again
	return fresh, nil
}

func (a *arrivals) query() (*query, error) {
	q := from(a.store.db, "SELECT time, key")
	if a.trace {
		q.write(", trace_id")
	}
	table, condition := a.store.db.arrived(q, a.table, a.mark, a.since)
	q.write(" FROM " + table)
	q.and(condition)
	return q, a.condition(q)
}

// follow calls read for what arrives, and then what read has returned, until ctx ends or that returns an error. While the
// database does not answer it says so by outage, and goes on; with nil when the database answers again.
func (a *arrivals) follow(ctx context.Context, outage func(error), read func([]arrival) (show func() error, err error)) error {
	poll := a.store.Poll
	if poll == 0 {
		poll = defaultPoll
	}
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		show, err := a.step(ctx, read)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failed := err != nil; failed != failing {
			failing = failed
			outage(err)
		}
		if err != nil {
			continue
		}
		if err := show(); err != nil {
			return err
		}
	}
}

func (a *arrivals) step(ctx context.Context, read func([]arrival) (func() error, error)) (show func() error, err error) {
	defer func() {
		if errors.Is(err, errReplaced) { // all that is in another file has arrived
			a.mark = 0
		}
	}()
	fresh, err := a.next(ctx)
	if err != nil {
		return nil, err
	}
	return read(fresh)
}

// nothing is to be shown.
func nothing() error { return nil }
