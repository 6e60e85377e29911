package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

const (
	// tendInterval is how often tables are looked after.
	tendInterval = time.Minute
	// stepLimit bounds one step of that: a server may hang, and the connection is needed.
	stepLimit = 5 * time.Minute
	// stepRows bounds the rows that one statement deletes.
	stepRows = 10_000
	// margin is how many days longer than items is kept what they refer to: clocks differ.
	margin = 2
)

// errElsewhere says that another replica looks after the tables.
var errElsewhere = errors.New("another replica does it")

// retained is what the loop that looks after the tables has to remember.
type retained struct {
	references day    // when rows that nothing refers to were last looked for
	complaint  string // what was last said in the log
	oversize   string // what was last said of too much that is not deleted
	started    string // when the server was, as it says itself
}

// tend looks after the tables until ctx ends: partitions ahead of time, retention, connections
// that nobody needs.
func (e *Exporter) tend(ctx context.Context) {
	tick := time.NewTicker(tendInterval)
	defer tick.Stop()
	for {
		e.pool.prune(ctx, closeAfter)
		err := e.tendOnce(ctx, time.Now())
		e.complain(ctx, err)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// complain logs what goes wrong, once.
func (e *Exporter) complain(ctx context.Context, err error) {
	if err == nil || errors.Is(err, errElsewhere) || ctx.Err() != nil {
		e.kept.complaint = ""
		return
	}
	err = e.target.explain(err)
	if text := err.Error(); text != e.kept.complaint {
		e.kept.complaint = text
		e.log.Warn("the tables of the database could not be looked after", "error", err)
	}
}

func (e *Exporter) tendOnce(ctx context.Context, now time.Time) error {
	var all []partition
	err := e.step(ctx, func(ctx context.Context, conn *session) error {
		if err := e.recognize(ctx, conn); err != nil {
			return err
		}
		for _, t := range itemTables {
			for _, d := range []day{dayOf(now), dayOf(now) + 1} {
				if err := e.partitions.ensure(ctx, conn, place{t, d}); err != nil {
					return err
				}
			}
		}
		var err error
		all, err = list(ctx, conn)
		if err == nil {
			e.partitions.learn(all)
		}
		return err
	})
	if err != nil || e.cfg.MaxAge == 0 && e.cfg.MaxBytes == 0 {
		return err
	}
	return e.retain(ctx, all, now)
}

// recognize notices that another server has come to be at the other end. With a pooler between, which keeps connections
// open meanwhile, nothing else may tell.
func (e *Exporter) recognize(ctx context.Context, conn *session) error {
	rows, err := query(ctx, conn, "SELECT extract(epoch FROM pg_postmaster_start_time())")
	if err != nil {
		return err
	}
	if e.kept.moved(string(rows[0][0])) {
		e.forget()
	}
	return nil
}

// moved reports whether a server that was started then is another one than the last.
func (r *retained) moved(started string) bool {
	last := r.started
	r.started = started
	return last != "" && last != started
}

// retain deletes what is not kept any longer.
func (e *Exporter) retain(ctx context.Context, all []partition, now time.Time) error {
	left, err := e.expire(ctx, all, now)
	if err != nil {
		return err
	}
	left, err = e.shrink(ctx, left, dayOf(now))
	if err != nil {
		return err
	}
	if len(left) < len(all) || e.kept.references != dayOf(now) {
		if err := e.dereference(ctx, left); err != nil {
			return err
		}
		e.kept.references = dayOf(now)
	}
	return nil
}

// expire deletes what is too old, and returns what is left.
func (e *Exporter) expire(ctx context.Context, all []partition, now time.Time) ([]partition, error) {
	if e.cfg.MaxAge == 0 {
		return all, nil
	}
	bound := now.Add(-e.cfg.MaxAge)
	var left []partition
	for _, p := range all {
		switch {
		case p.other:
			if err := e.expireRows(ctx, p, bound, now); err != nil {
				return nil, err
			}
		case p.day.endedBy(bound):
			if err := e.drop(ctx, "older than max_age", p); err != nil {
				return nil, err
			}
			continue
		}
		left = append(left, p)
	}
	return left, nil
}

// expireRows deletes rows of a default partition that are too old: by their own time, or, if
// that is in the future, by when they came.
func (e *Exporter) expireRows(ctx context.Context, p partition, bound, now time.Time) error {
	return e.deleteRows(ctx, p.name, fmt.Sprintf("time < '%[1]s' OR time >= %[2]s AND received < '%[1]s'",
		bound.UTC().Format(time.RFC3339), (dayOf(now)+2).bound()))
}

// deleteRows deletes the rows for which a condition holds, in steps.
func (e *Exporter) deleteRows(ctx context.Context, table, condition string) error {
	sql := fmt.Sprintf("DELETE FROM %[1]s WHERE ctid = ANY (ARRAY (SELECT ctid FROM %[1]s WHERE %[2]s LIMIT %[3]d)) AND (%[2]s)", table, condition, stepRows)
	for {
		var deleted int64
		err := e.exclusively(ctx, func(ctx context.Context, conn *session) error {
			results, err := conn.Exec(ctx, sql).ReadAll()
			if err == nil {
				deleted = results[0].CommandTag.RowsAffected()
			}
			return err
		})
		if err != nil || deleted < stepRows {
			return err
		}
	}
}

// drop drops partitions, in one transaction.
func (e *Exporter) drop(ctx context.Context, why string, some ...partition) error {
	names := make([]string, len(some))
	for i, p := range some {
		names[i] = p.name
	}
	err := e.exclusively(ctx, func(ctx context.Context, conn *session) error {
		return run(ctx, conn, lockPatience+"; DROP TABLE IF EXISTS "+strings.Join(names, ", "))
	})
	if err == nil {
		e.log.Info("telemetry deleted by retention", "day", some[0].day.String(), "why", why, "tables", slog.AnyValue(names))
	}
	return err
}

// dereference deletes what no item refers to any more: what was seen last before the oldest
// item that is kept was written.
func (e *Exporter) dereference(ctx context.Context, left []partition) error {
	oldest := dayOf(time.Now())
	for _, p := range left {
		if p.other {
			d, err := e.firstReceived(ctx, p)
			if err != nil {
				return err
			}
			oldest = min(oldest, d)
			continue
		}
		oldest = min(oldest, p.day)
	}
	for _, t := range referenceTables {
		if err := e.deleteRows(ctx, t.name, fmt.Sprintf("seen < '%s'", (oldest-margin).String())); err != nil {
			return err
		}
	}
	return nil
}

// firstReceived returns the day on which the first row of a partition came, today if it is empty.
func (e *Exporter) firstReceived(ctx context.Context, p partition) (first day, err error) {
	err = e.step(ctx, func(ctx context.Context, conn *session) error {
		rows, err := query(ctx, conn, "SELECT to_char(min(received) AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM "+p.name)
		if err != nil {
			return err
		}
		first = dayOf(time.Now())
		if text := rows[0][0]; text != nil {
			begin, err := time.Parse(time.DateOnly, string(text))
			first = dayOf(begin)
			return err
		}
		return nil
	})
	return first, err
}

// step lends a connection to f for one step.
func (e *Exporter) step(ctx context.Context, f func(context.Context, *session) error) error {
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	return e.use(ctx, f)
}

// exclusively runs f in a transaction in which no other replica does anything of the kind.
func (e *Exporter) exclusively(ctx context.Context, f func(context.Context, *session) error) error {
	return e.step(ctx, func(ctx context.Context, conn *session) error {
		return transaction(ctx, conn, func() error {
			locked, err := query(ctx, conn, lockRetention)
			if err != nil {
				return err
			}
			if string(locked[0][0]) != "t" {
				return errElsewhere
			}
			return f(ctx, conn)
		})
	})
}
