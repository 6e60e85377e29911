package store

import (
	"context"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// Followed is what is done with what arrives. An error of New ends it.
type Followed[T any] struct {
	// New takes what has arrived since the last call; at first, the newest of what there is.
	New func([]T) error
	// Outage says that the database does not answer, and with nil that it does again. Nothing is missed because of that.
	Outage func(error)
}

// FollowLogs calls f for the newest log records, and then for each that arrives and matches, until ctx ends.
func (s *Store) FollowLogs(ctx context.Context, f LogFilter, to Followed[*row.Log]) error {
	a := &arrivals{store: s, table: "otlp_logs", since: nanos(f.Since), condition: f.of}
	return followItems(ctx, a, itemKind[*row.Log]{
		list: func() ([]*row.Log, error) { return s.Logs(ctx, f) },
		fetch: func(some []row.PrimaryKey) ([]*row.Log, error) {
			return fetch(ctx, s, logColumns, "otlp_logs", some, (*scan).log)
		},
		key: func(l *row.Log) row.ID { return l.Key },
	}, to)
}

// FollowPoints calls f for the newest data points, and then for each that arrives and matches, until ctx ends.
func (s *Store) FollowPoints(ctx context.Context, f MetricFilter, to Followed[Point]) error {
	a := &arrivals{store: s, table: "otlp_points", since: nanos(f.Since), condition: func(q *query) error {
		f.of(q)
		if f.Name != "" {
			q.and("metric_id IN (SELECT id FROM otlp_metrics WHERE " + q.dialect.matches(q, "name", glob(f.Name)) + ")")
		}
		return nil
	}}
	return followItems(ctx, a, itemKind[Point]{
		list: func() ([]Point, error) { return s.Points(ctx, f) },
		fetch: func(some []row.PrimaryKey) ([]Point, error) {
			points, err := fetch(ctx, s, pointColumns, "otlp_points", some, (*scan).point)
			if err != nil {
				return nil, err
			}
			metrics, err := s.metricsOf(ctx, points)
			return ofMetrics(points, metrics), err
		},
		key: func(p Point) row.ID { return p.Key },
	}, to)
}

// itemKind is how items of a kind are read.
type itemKind[T any] struct {
	list  func() ([]T, error)
	fetch func([]row.PrimaryKey) ([]T, error)
	key   func(T) row.ID
}

func followItems[T any](ctx context.Context, a *arrivals, kind itemKind[T], to Followed[T]) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	first, err := kind.list()
	if err != nil {
		return err
	}
	for _, item := range first {
		a.known(kind.key(item))
	}
	if err := to.New(first); err != nil {
		return err
	}
	var owed []row.PrimaryKey // what could not be read when it came
	return a.follow(ctx, to.Outage, func(fresh []arrival) (func() error, error) {
		for _, one := range fresh {
			owed = append(owed, one.PrimaryKey)
		}
		if len(owed) == 0 {
			return nothing, nil
		}
		items, err := kind.fetch(owed)
		if err != nil {
			return nil, err
		}
		owed = nil
		return func() error { return to.New(items) }, nil
	})
}

// fetch reads items by their primary keys, in the order of their time. Those that have been deleted are left out.
func fetch[T any](ctx context.Context, s *Store, columns, table string, wanted []row.PrimaryKey, read func(*scan) *T) ([]*T, error) {
	slices.SortFunc(wanted, row.PrimaryKey.Compare)
	var found []*T
	for some := range slices.Chunk(wanted, chunk) {
		q := from(s.db, "SELECT "+columns+" FROM "+table)
		q.and(s.db.keys(q, some))
		q.write(" ORDER BY time, key")
		if err := s.run(ctx, q, rows(&found, read)); err != nil {
			return nil, err
		}
	}
	return found, nil
}
