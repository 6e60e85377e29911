package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// maxAtOnce bounds how often a part of a batch is tried again at once.
const maxAtOnce = 3

var errForgotten = errors.New("another batch has lost the database meanwhile")

// writeParts writes what is not settled of a batch, part by part.
func (e *Exporter) writeParts(ctx context.Context, w *batch, b *pipeline.Batch, v *verdict) error {
	for tries := 1; ; tries++ {
		before := w.settled
		err := w.decode(b, dayOf(time.Now()), func() error { return e.write(ctx, w, v) })
		if w.settled > before {
			tries = 1
		}
		if err == nil || tries >= maxAtOnce || !e.atOnce(err) {
			return err
		}
	}
}

// write writes a part of a batch, but for what the database refuses.
func (e *Exporter) write(ctx context.Context, w *batch, v *verdict) error {
	if err := e.prepared(ctx); err != nil {
		return err
	}
	conn, err := e.pool.acquire(ctx)
	if err != nil {
		return err
	}
	defer e.pool.release(ctx, conn)
	if w.known != e.seen.forgotten() {
		return errForgotten
	}
	if err := e.writeAll(ctx, conn, w, v); err != nil {
		if remedyOf(err) == wait {
			e.distrust(ctx, conn)
		}
		return err
	}
	return nil
}

// distrust is for what happens when a connection fails, or a server turns out to be a
// standby: it may be in the way of all connections to it, and the next one may lead to another
// server.
func (e *Exporter) distrust(ctx context.Context, conn *session) {
	_ = conn.Close(ctx) // it is given up
	e.pool.prune(ctx, 0)
	e.forget()
}

// forget is for when the next connection may lead to another server, which need not have all that
// this one was told.
func (e *Exporter) forget() {
	e.seen.forget()
	e.partitions.forget()
}

// writeAll writes first what items refer to, then the items.
func (e *Exporter) writeAll(ctx context.Context, conn *session, w *batch, v *verdict) error {
	bad, err := e.writeReferences(ctx, conn, w)
	if err != nil {
		return err
	}
	if len(bad) == 0 {
		return e.writeRows(ctx, conn, &w.rows, w.settle, v)
	}
	reason := func(i int) *pgconn.PgError { return bad.reason(&w.rows, i) }
	rest := w.rows.without(func(i int) bool { return reason(i) != nil })
	return e.writeRows(ctx, conn, rest, func(before int) {
		for i := w.ofPart; i < rest.place(before); i++ {
			if why := reason(i); why != nil {
				v.refuse(why)
			}
		}
		w.settle(rest.place(before))
	}, v)
}

// writeRows writes rows in their order, but for what the database refuses, and says so with settle: those before
// the given one are written or refused.
func (e *Exporter) writeRows(ctx context.Context, conn *session, rows *rows, settle func(before int), v *verdict) error {
	if rows.len() == 0 {
		settle(0)
		return nil
	}
	for i := range rows.len() {
		at := place{rows.table, rows.day(i)}
		if i > 0 && at.day == rows.day(i-1) {
			continue
		}
		if err := e.partitions.ensure(ctx, conn, at); err != nil {
			return err
		}
	}
	return halve(rows.len(), func(from, to int) error {
		err := e.copyRows(ctx, conn, rows, from, to)
		if err == nil {
			settle(to)
		}
		return err
	}, func(i int, why *pgconn.PgError) {
		v.refuse(why)
		settle(i + 1)
	})
}

type refusedID struct {
	kind reference
	id   row.ID
}

// refusedIDs are what the database refuses of what items refer to, and why.
type refusedIDs map[refusedID]*pgconn.PgError

// reason returns why an item cannot be written, or nil.
func (all refusedIDs) reason(r *rows, i int) *pgconn.PgError {
	for which, kind := range r.table.refers {
		if why, ok := all[refusedID{kind, r.referred(i, which)}]; ok {
			return why
		}
	}
	return nil
}

// writeReferences writes what the database may not know of what items refer to, and returns what
// it refuses.
func (e *Exporter) writeReferences(ctx context.Context, conn *session, w *batch) (refusedIDs, error) {
	bad := refusedIDs{}
	for kind := range numReferences {
		if len(w.fresh[kind]) == 0 {
			continue
		}
		all := sorted(w.fresh[kind])
		err := halve(len(all), func(from, to int) error {
			part := all[from:to]
			if err := referenceTables[kind].write(ctx, conn, part, w.today); err != nil {
				return err
			}
			e.seen.add(kind, part, w.today, w.known)
			return nil
		}, func(i int, why *pgconn.PgError) { bad[refusedID{kind, row.ID(all[i][0])}] = why })
		if err != nil {
			return nil, err
		}
	}
	return bad, nil
}

// copyRows copies rows to their table. Those that it has already are left out.
func (e *Exporter) copyRows(ctx context.Context, conn *session, r *rows, from, to int) error {
	_, err := conn.CopyFrom(ctx, r.reader(from, to), fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT binary)", r.table.name, r.table.columns))
	if remedyOf(err) != deduplicate {
		return err
	}
	var fresh int64
	err = transaction(ctx, conn, func() (err error) {
		fresh, err = copyNew(ctx, conn, r, from, to)
		return err
	})
	if err == nil {
		e.duplicates.Add(int64(to-from) - fresh)
	}
	return err
}

// copyNew copies rows by way of a temporary table, which takes twice the work, and leaves out
// those that are there. In order of their keys two writers never wait for each other. It returns how
// many were not there.
func copyNew(ctx context.Context, conn *session, r *rows, from, to int) (int64, error) {
	if err := run(ctx, conn, fmt.Sprintf("CREATE TEMPORARY TABLE otlp_new (LIKE %s) ON COMMIT DROP", r.table.name)); err != nil {
		return 0, err
	}
	if _, err := conn.CopyFrom(ctx, r.reader(from, to), fmt.Sprintf("COPY pg_temp.otlp_new (%s) FROM STDIN (FORMAT binary)", r.table.columns)); err != nil {
		return 0, err
	}
	results, err := conn.Exec(ctx, fmt.Sprintf("INSERT INTO %s (%[2]s) SELECT %[2]s FROM pg_temp.otlp_new ORDER BY time, key ON CONFLICT DO NOTHING", r.table.name, r.table.columns)).ReadAll()
	if err != nil {
		return 0, err
	}
	return results[0].CommandTag.RowsAffected(), nil
}
