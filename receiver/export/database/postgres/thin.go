package postgres

import (
	"context"
	"fmt"
)

// thinnings is how many kinds of rows go from a default partition, one after the other.
const thinnings = 2

// dispensable returns what goes from the default partitions first, and what goes if that was not enough,
// in words and as a condition. What was received today of days that get a partition never goes: the
// partition could not be made.
func (p *partitions) dispensable(today day) [thinnings]struct{ what, condition string } {
	from, to := p.bounds(today)
	return [thinnings]struct{ what, condition string }{
		{"received before today", "received < " + today.bound()},
		{"of days too far from today", fmt.Sprintf("time < %s OR time >= %s", from.bound(), to.bound())},
	}
}

// thin deletes the rows of one kind from a default partition, and returns the kind to try next.
func (e *Exporter) thin(ctx context.Context, p *partition, today day, kind int) (next int, err error) {
	gone := e.partitions.dispensable(today)[kind]
	var some, much bool
	err = e.exclusively(ctx, func(ctx context.Context, conn *session) error {
		var err error
		some, much, err = rewrite(ctx, conn, p.name, gone.condition)
		return err
	})
	if err != nil || !some {
		return kind + 1, err
	}
	next = kind + 1
	if much {
		next = thinnings // what comes free does not show in the size
		if err := e.deleteRows(ctx, p.name, gone.condition); err != nil {
			return kind, err
		}
	}
	e.log.Info("telemetry deleted by retention", "table", p.name, "rows", gone.what,
		"why", "larger than max_size_mib, and more than a quarter of that in no partition of a day", "room_given_back", !much)
	return next, nil
}

// rewrite leaves out of a table the rows for which a condition holds: deleting them would give no room
// back. The others are put aside, the table is emptied, and they are put back, while nobody can write to it.
// It returns whether there are some that go, and whether there are too many others for that: then it does
// nothing.
func rewrite(ctx context.Context, conn *session, table, gone string) (some, much bool, err error) {
	if some, err = exists(ctx, conn, fmt.Sprintf("SELECT FROM %s WHERE %s", table, gone)); err != nil {
		return false, false, err
	}
	hollow, err := exists(ctx, conn, fmt.Sprintf(hollowTable, table))
	if err != nil || !some && !hollow {
		return false, false, err
	}
	much, err = exists(ctx, conn, fmt.Sprintf("SELECT FROM %s WHERE NOT (%s) OFFSET %d", table, gone, maxMoved))
	if err != nil || much {
		return some, much, err
	}
	return some, false, run(ctx, conn, fmt.Sprintf(lockPatience+`;
		LOCK TABLE %[1]s IN ACCESS EXCLUSIVE MODE;
		CREATE TEMPORARY TABLE otlp_kept ON COMMIT DROP AS SELECT * FROM %[1]s WHERE NOT (%[2]s);
		TRUNCATE %[1]s;
		INSERT INTO %[1]s SELECT * FROM pg_temp.otlp_kept`, table, gone))
}

// hollowTable finds out whether most of a table is room of rows that were deleted, as by age.
const hollowTable = "SELECT FROM (SELECT sum(pg_column_size(t)) AS live FROM %[1]s t) x WHERE pg_relation_size('%[1]s') > 65536 + 4 * coalesce(live, 0)"

// exists reports whether a query has rows.
func exists(ctx context.Context, conn *session, sql string) (bool, error) {
	rows, err := query(ctx, conn, "SELECT EXISTS ("+sql+")")
	return err == nil && string(rows[0][0]) == "t", err
}
