package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// maxAtOnce bounds how often a batch is tried again at once.
const maxAtOnce = 3

var errForgotten = errors.New("another batch has lost the database meanwhile")

// write writes a decoded batch, but for what the database refuses.
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
	rows := &w.rows
	refused, err := e.writeReferences(ctx, conn, w)
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		rows = rows.without(func(i int) bool {
			for which, kind := range rows.table.refers {
				if why, ok := refused[refusedID{kind, rows.referred(i, which)}]; ok {
					v.refuse(why)
					return true
				}
			}
			return false
		})
	}
	if rows.len() == 0 {
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
	return halve(0, rows.len(), func(from, to int) error {
		return e.copyRows(ctx, conn, rows, from, to)
	}, func(_ int, why *pgconn.PgError) { v.refuse(why) })
}

// halve calls try for a range, and for the halves of what the database refuses, until
// single ones are left to refuse.
func halve(from, to int, try func(from, to int) error, refused func(i int, why *pgconn.PgError)) error {
	err := try(from, to)
	if remedyOf(err) != refuse {
		return err
	}
	if to-from == 1 {
		why, _ := errors.AsType[*pgconn.PgError](err) // what is refused is one
		refused(from, why)
		return nil
	}
	middle := from + (to-from)/2
	if err := halve(from, middle, try, refused); err != nil {
		return err
	}
	return halve(middle, to, try, refused)
}

type refusedID struct {
	kind reference
	id   row.ID
}

// writeReferences writes what the database may not know of what items refer to, and returns what
// it refuses, and why.
func (e *Exporter) writeReferences(ctx context.Context, conn *session, w *batch) (map[refusedID]*pgconn.PgError, error) {
	bad := map[refusedID]*pgconn.PgError{}
	for kind := range numReferences {
		if len(w.fresh[kind]) == 0 {
			continue
		}
		all := sorted(w.fresh[kind])
		err := halve(0, len(all), func(from, to int) error {
			part := all[from:to]
			if err := referenceTables[kind].write(ctx, conn, part, w.today); err != nil {
				return err
			}
			e.seen.add(kind, part, w.today)
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
