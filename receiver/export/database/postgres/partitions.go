package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// defaultWindow is how many days back get partitions, if items are not kept for
	// another time. What is older goes to the default partition.
	defaultWindow = 31
	maxWindow     = 366
	// deniedFor is how long partitions are not tried again after a failure.
	deniedFor = time.Minute
	// turnPatience bounds how long a replica waits until others have made their partitions. Nobody
	// waits for it meanwhile.
	turnPatience = "SET LOCAL lock_timeout = '10s'"
	// lockPatience bounds how long the structure of tables waits for their readers and
	// writers: behind it everybody else waits, too.
	lockPatience = "SET LOCAL lock_timeout = '2s'"
	// maxMoved is how many rows of a day may be moved to its partition. Nobody can write to the
	// default partition meanwhile, so a day that has more stays where it is.
	maxMoved = 200_000
)

var errCrowded = fmt.Errorf("the default partition has more than %d rows of it, which stay there", maxMoved)

// place is a day of a table.
type place struct {
	table *table
	day   day
}

// partitions makes the partitions of days before rows come for them, and remembers
// which there are.
type partitions struct {
	log    *slog.Logger
	target *target
	window day           // how many days back
	maxAge time.Duration // zero if items are kept for good

	mu         sync.Mutex
	known      map[place]struct{}
	crowded    map[place]struct{} // of which the log has said so
	denied     time.Time          // until when none are made
	complained bool               // in the log, since the last that was made
}

func newPartitions(t *target, maxAge time.Duration, log *slog.Logger) *partitions {
	window := day(defaultWindow)
	if maxAge > 0 {
		window = day(min(int64(maxAge/(24*time.Hour))+1, maxWindow)) //nolint:gosec // bounded
	}
	return &partitions{log: log, target: t, window: window, maxAge: maxAge, known: map[place]struct{}{}, crowded: map[place]struct{}{}}
}

// missing reports whether a place gets a partition and may not have one. A day that retention would
// drop at once gets none.
func (p *partitions) missing(at place, now time.Time) bool {
	from, to := p.bounds(dayOf(now))
	if at.day < from || at.day >= to || p.maxAge > 0 && at.day.endedBy(now.Add(-p.maxAge)) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.known[at]
	return !ok && !now.Before(p.denied)
}

// bounds returns the first day that may get a partition, and the first one behind those.
func (p *partitions) bounds(today day) (from, to day) { return today - p.window, today + 2 }

// ensure makes a partition unless there is one. Where that is not possible, rows go to the
// default partition; an error is one of the connection.
func (p *partitions) ensure(ctx context.Context, conn *session, at place) error {
	if !p.missing(at, time.Now()) {
		return nil
	}
	err := create(ctx, conn, at)
	if err != nil && (conn.IsClosed() || ctx.Err() != nil || remedyOf(err) == migrate) {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var said bool
	switch {
	case err == nil:
		p.known[at], p.complained = struct{}{}, false
		return nil
	case errors.Is(err, errCrowded):
		p.known[at] = struct{}{} // until others are learned
		_, said = p.crowded[at]
		p.crowded[at] = struct{}{}
	default:
		p.denied = time.Now().Add(deniedFor)
		said, p.complained = p.complained, true
	}
	if !said {
		p.log.Warn("no partition for a day: its rows go to the default partition until there is one",
			"table", at.table.name, "day", at.day.String(), "error", p.target.explain(err))
	}
	return nil
}

// learn replaces what is known by what there is.
func (p *partitions) learn(all []partition) {
	known := make(map[place]struct{}, len(all))
	for _, one := range all {
		if !one.other {
			known[place{one.table, one.day}] = struct{}{}
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = known
}

// forget is for when the database may not be the same any more.
func (p *partitions) forget() { p.learn(nil) }

// insertion is the place of the statement that moves rows among those of create.
const insertion = 2

// create makes the partition of a day, and moves to it what the default partition has of that day.
func create(ctx context.Context, conn *session, at place) error {
	return transaction(ctx, conn, func() error {
		if err := run(ctx, conn, turnPatience+"; "+lockSchema+"; "+lockPatience); err != nil {
			return err
		}
		parent := at.table.name
		name := parent + "_" + at.day.suffix()
		found, err := query(ctx, conn, fmt.Sprintf("SELECT quote_ident(n.nspname), EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "+
			"WHERE i.inhparent = p.oid AND c.relname = '%s') FROM pg_class p JOIN pg_namespace n ON n.oid = p.relnamespace WHERE p.oid = '%s'::regclass", name, parent))
		if err != nil || string(found[0][1]) == "t" {
			return err
		}
		schema := string(found[0][0]) + "."
		there, err := query(ctx, conn, fmt.Sprintf("SELECT count(*) > %d FROM (SELECT FROM %s%s_other WHERE time >= %s AND time < %s LIMIT %d) x",
			maxMoved, schema, parent, at.day.bound(), (at.day+1).bound(), maxMoved+1))
		if err != nil {
			return err
		}
		if string(there[0][0]) == "t" {
			return errCrowded
		}
		results, err := conn.Exec(ctx, fmt.Sprintf(`
			CREATE TABLE %[1]s%[3]s (LIKE %[1]s%[2]s INCLUDING ALL);
			LOCK TABLE %[1]s%[2]s_other IN ACCESS EXCLUSIVE MODE;
			WITH moved AS (DELETE FROM %[1]s%[2]s_other WHERE time >= %[4]s AND time < %[5]s RETURNING *) INSERT INTO %[1]s%[3]s SELECT * FROM moved;
			ALTER TABLE %[1]s%[2]s ATTACH PARTITION %[1]s%[3]s FOR VALUES FROM (%[4]s) TO (%[5]s)`,
			schema, parent, name, at.day.bound(), (at.day+1).bound())).ReadAll()
		if err != nil || results[insertion].CommandTag.RowsAffected() == 0 {
			return err
		}
		return keepReferred(ctx, conn, at, schema, schema+name)
	})
}

// keepReferred lets what the rows of a day's partition refer to be kept for as long as the partition: it
// may have been seen last when they came, days before.
func keepReferred(ctx context.Context, conn *session, at place, schema, partition string) error {
	for _, kind := range at.table.refers {
		// In the order in which writers lock these rows.
		err := run(ctx, conn, fmt.Sprintf("WITH due AS (SELECT id FROM %[1]s WHERE seen < '%[2]s' AND id IN (SELECT %[3]s FROM %[4]s) ORDER BY id FOR NO KEY UPDATE) "+
			"UPDATE %[1]s r SET seen = '%[2]s' FROM due WHERE r.id = due.id", schema+referenceTables[kind].name, at.day, kind.column(), partition))
		if err != nil {
			return err
		}
	}
	return nil
}

// partition is one that there is.
type partition struct {
	table *table
	name  string // as it is written in SQL
	day   day
	other bool // the default one, which has no day
}

// list returns all partitions. Those that others have made by other names are left alone.
func list(ctx context.Context, conn *session) ([]partition, error) {
	var all []partition
	for _, t := range itemTables {
		rows, err := query(ctx, conn, fmt.Sprintf("SELECT c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_inherits i "+
			"JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.inhparent = '%s'::regclass", t.name))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			suffix, ok := strings.CutPrefix(string(r[0]), t.name+"_")
			if !ok {
				continue
			}
			if suffix == "other" {
				all = append(all, partition{table: t, name: string(r[1]), other: true})
			} else if begin, err := time.Parse(suffixLayout, suffix); err == nil {
				all = append(all, partition{table: t, name: string(r[1]), day: dayOf(begin)})
			}
		}
	}
	return all, nil
}
