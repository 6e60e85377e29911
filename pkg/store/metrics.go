package store

import (
	"context"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// MetricFilter says which metrics, and which of their data points, are wanted.
type MetricFilter struct {
	Range
	Name       string // a glob with * and ?; empty is any
	Service    string
	Attributes []Attribute
	Limit      int // how many data points, or metrics, at most
}

// Metric is a metric that has data points.
type Metric struct {
	row.Metric

	Series int
	Last   *row.Point // the newest
}

// Metrics returns the metrics that have data points, by name, and whether there are more than the limit.
func (s *Store) Metrics(ctx context.Context, f MetricFilter) (found []Metric, more bool, err error) {
	all, err := s.named(ctx, f.Name)
	if err != nil {
		return nil, false, err
	}
	for _, m := range all {
		last, err := s.last(ctx, &f, m.ID)
		if err != nil {
			return nil, false, err
		}
		if last == nil {
			continue
		}
		if len(found) == f.Limit {
			return found, true, nil
		}
		series, err := s.series(ctx, &f, m.ID)
		if err != nil {
			return nil, false, err
		}
		found = append(found, Metric{*m, series, last})
	}
	return found, false, nil
}

// named returns the metrics whose names are like a glob, in order.
func (s *Store) named(ctx context.Context, name string) ([]*row.Metric, error) {
	q := from(s.db, "SELECT "+metricColumns+" FROM otlp_metrics")
	if name != "" {
		q.and(q.dialect.matches(q, "name", glob(name)))
	}
	q.write(" ORDER BY name, unit, id")
	var found []*row.Metric
	err := s.run(ctx, q, rows(&found, (*scan).metric))
	return found, err
}

// of adds what the filter says of data points.
func (f *MetricFilter) of(q *query) {
	q.of(f.Service)
	q.with(f.Attributes)
}

// last returns the newest data point of a metric, or nil.
func (s *Store) last(ctx context.Context, f *MetricFilter, metric row.ID) (*row.Point, error) {
	q := from(s.db, "SELECT "+pointColumns+" FROM otlp_points")
	q.and("metric_id = " + q.arg(metric[:]))
	q.within(f.Range)
	f.of(q)
	q.newest(1)
	var found []*row.Point
	if err := s.run(ctx, q, rows(&found, (*scan).point)); err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// series returns how many series of a metric have data points.
func (s *Store) series(ctx context.Context, f *MetricFilter, metric row.ID) (n int, err error) {
	q := from(s.db, "SELECT count(*) FROM (SELECT DISTINCT resource_id, scope_id, attributes FROM otlp_points")
	q.and("metric_id = " + q.arg(metric[:]))
	q.within(f.Range)
	f.of(q)
	q.write(") AS series")
	err = s.run(ctx, q, func(c columns) error {
		n = int(c.integer(0))
		return nil
	})
	return n, err
}

// Point is a data point with its metric.
type Point struct {
	*row.Point

	Of *row.Metric
}

// Points returns the newest data points of metrics in the order of their time.
func (s *Store) Points(ctx context.Context, f MetricFilter) ([]Point, error) {
	metrics, err := s.named(ctx, f.Name)
	if err != nil {
		return nil, err
	}
	var points []*row.Point
	for some := range slices.Chunk(metrics, chunk) {
		q := from(s.db, "SELECT "+pointColumns+" FROM otlp_points")
		q.and(q.among("metric_id", len(some), func(i int) any { return some[i].ID[:] }))
		q.within(f.Range)
		f.of(q)
		q.newest(f.Limit)
		if err := s.run(ctx, q, rows(&points, (*scan).point)); err != nil {
			return nil, err
		}
	}
	points = lastPoints(points, f.Limit)
	return ofMetrics(points, metrics), nil
}
