package store

import (
	"slices"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// metricColumns are those that metric reads.
const metricColumns = "id, name, description, unit, kind, temporality, monotonic, otlp"

func (s *scan) metric() *row.Metric {
	return &row.Metric{
		ID: s.id(), Name: s.data(), Description: s.data(), Unit: s.data(), Kind: row.Kind(s.int32()), Temporality: s.int32(),
		Monotonic: s.int64() != 0, OTLP: s.data(),
	}
}

// lastPoints returns the n newest data points in the order of their time.
func lastPoints(points []*row.Point, n int) []*row.Point {
	slices.SortFunc(points, func(a, b *row.Point) int {
		return a.Compare(b.PrimaryKey)
	})
	return points[max(0, len(points)-n):]
}

// ofMetrics returns data points with their metrics. Of one that is not there, as somebody has deleted it, only the kind
// is known.
func ofMetrics(points []*row.Point, metrics []*row.Metric) []Point {
	byID := make(map[row.ID]*row.Metric, len(metrics))
	for _, m := range metrics {
		byID[m.ID] = m
	}
	found := make([]Point, 0, len(points))
	for _, p := range points {
		m := byID[p.Metric]
		if m == nil {
			m = &row.Metric{ID: p.Metric, Kind: p.Kind}
			byID[p.Metric] = m
		}
		found = append(found, Point{p, m})
	}
	return found
}
