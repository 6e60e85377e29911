package store

import (
	"context"
	"maps"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// origin is an encoded resource or scope, and its schema.
type origin struct{ otlp, schemaURL []byte }

// origins returns the rows of a table with resources or scopes. Those that are not there are left out.
func (s *Store) origins(ctx context.Context, table string, ids []row.ID) (map[row.ID]origin, error) {
	found := make(map[row.ID]origin, len(ids))
	for some := range slices.Chunk(ids, chunk) {
		q := from(s.db, "SELECT id, otlp, schema_url FROM "+table)
		q.and(q.among("id", len(some), func(i int) any { return some[i][:] }))
		err := s.run(ctx, q, func(c columns) error {
			row := scan{columns: c}
			found[row.id()] = origin{row.data(), row.data()}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// metricsOf returns metrics by their IDs.
func (s *Store) metricsOf(ctx context.Context, points []*row.Point) ([]*row.Metric, error) {
	ids := map[row.ID]bool{}
	for _, p := range points {
		ids[p.Metric] = true
	}
	var found []*row.Metric
	for some := range slices.Chunk(slices.Collect(maps.Keys(ids)), chunk) {
		q := from(s.db, "SELECT "+metricColumns+" FROM otlp_metrics")
		q.and(q.among("id", len(some), func(i int) any { return some[i][:] }))
		if err := s.run(ctx, q, rows(&found, (*scan).metric)); err != nil {
			return nil, err
		}
	}
	return found, nil
}
