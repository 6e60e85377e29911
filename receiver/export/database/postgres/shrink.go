package postgres

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// otherShare is the part of max_size_mib that the default partitions may take, as a divisor. Beyond it
// they go before any day, and never on account of days.
const otherShare = 4

// shrink deletes until the rest fits: from the default partitions while they have more than their share,
// then the oldest days. It returns what is left.
func (e *Exporter) shrink(ctx context.Context, all []partition, today day) ([]partition, error) {
	tried := map[string]int{}
	for e.cfg.MaxBytes > 0 {
		taken, err := e.measure(ctx)
		if err != nil {
			return nil, err
		}
		if taken.total() <= e.cfg.MaxBytes {
			e.kept.oversize = ""
			return all, nil
		}
		if p := taken.crowded(all, tried, e.cfg.MaxBytes); p != nil {
			tried[p.name], err = e.thin(ctx, p, today, tried[p.name])
			switch {
			case notAllowed(err):
				e.sayOversize("this user may not empty "+p.name+": it has to own the table", taken, all)
				return all, nil
			case err != nil:
				return nil, err
			}
			continue
		}
		oldest, left := splitOldest(all, today)
		if len(oldest) == 0 || taken.days(all, e.cfg.MaxBytes) <= e.cfg.MaxBytes {
			e.sayOversize(taken.whyOversize(all), taken, all)
			return all, nil
		}
		if err := e.drop(ctx, "larger than max_size_mib", oldest...); err != nil {
			return nil, err
		}
		all = left
	}
	return all, nil
}

// splitOldest takes the partitions of the oldest day before today from the others.
func splitOldest(all []partition, today day) (oldest, left []partition) {
	first := today
	for _, p := range all {
		if !p.other {
			first = min(first, p.day)
		}
	}
	for _, p := range all {
		if !p.other && p.day == first && first < today {
			oldest = append(oldest, p)
		} else {
			left = append(left, p)
		}
	}
	return oldest, left
}

// notAllowed reports whether an error says that the user lacks a right.
func notAllowed(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "42501"
}

// sayOversize logs why there is more than may be, once.
func (e *Exporter) sayOversize(why string, taken room, all []partition) {
	if why == e.kept.oversize {
		return
	}
	e.kept.oversize = why
	e.log.Warn("more is kept than max_size_mib", "why", why, "bytes", taken.total(), "of_days_without_partition", taken.others(all), "max_bytes", e.cfg.MaxBytes)
}

// room is how many bytes each table takes with its indexes, by its name as it is written in SQL.
type room map[string]int64

// measure returns the room that all tables take.
func (e *Exporter) measure(ctx context.Context) (room, error) {
	taken := room{}
	err := e.step(ctx, func(ctx context.Context, conn *session) error {
		rows, err := query(ctx, conn, "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), pg_total_relation_size(c.oid) "+
			"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relname LIKE 'otlp\\_%' "+
			"AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'otlp_spans'::regclass)")
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r[1] == nil {
				continue // it was dropped meanwhile
			}
			if taken[string(r[0])], err = strconv.ParseInt(string(r[1]), 10, 64); err != nil {
				return err
			}
		}
		return nil
	})
	return taken, err
}

func (r room) total() (sum int64) {
	for _, bytes := range r {
		sum += bytes
	}
	return sum
}

// whyOversize says what takes the room when nothing is left to delete.
func (r room) whyOversize(all []partition) string {
	if r.others(all) > r.total()/otherShare {
		return "rows of days that have no partition take more than a quarter of the room: " +
			"what was received today is not deleted before the day has ended"
	}
	return "the current day alone is larger: nothing is deleted before it has ended"
}

// others returns the room of the default partitions.
func (r room) others(all []partition) (sum int64) {
	for _, p := range all {
		if p.other {
			sum += r[p.name]
		}
	}
	return sum
}

// days returns the room that days have to fit in with the rest, of which the default partitions count
// with their share at most.
func (r room) days(all []partition, most int64) int64 {
	others := r.others(all)
	return r.total() - others + min(others, most/otherShare)
}

// crowded returns the default partition to delete from next, nil if none is: among those of which the
// least has been tried, the largest.
func (r room) crowded(all []partition, tried map[string]int, most int64) *partition {
	if r.others(all) <= most/otherShare {
		return nil
	}
	var next *partition
	for i, p := range all {
		if !p.other || tried[p.name] == thinnings {
			continue
		}
		if next == nil || tried[p.name] < tried[next.name] || tried[p.name] == tried[next.name] && r[p.name] > r[next.name] {
			next = &all[i]
		}
	}
	return next
}
