package store

import (
	"fmt"
	"testing"
	"time"

	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// processor writes 4 data points of 3 series, and 1 of another metric.
func (w *written) processor() {
	w.gauge("cart", "cpu.use", "0", 0, 0.1, 0.2)
	w.gauge("cart", "cpu.use", "1", 5, 0.5)
	w.gauge("frontend", "cpu.use", "0", 6, 0.6)
	count := uint64(3)
	sum := 4.5
	w.metric("cart", &metrics.Metric{Name: "latency", Unit: "s", Data: &metrics.Metric_Histogram{Histogram: &metrics.Histogram{
		AggregationTemporality: metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA,
		DataPoints:             []*metrics.HistogramDataPoint{{TimeUnixNano: at(7), Count: count, Sum: &sum, ExplicitBounds: []float64{1}, BucketCounts: []uint64{1, 2}}},
	}}})
}

// A data point whose metric is not there has no name, and is shown all the same.
func TestPointsWithoutMetric(t *testing.T) {
	known := &row.Metric{ID: row.ID{1}, Name: row.Text("load"), Kind: row.Gauge}
	points := []*row.Point{{Metric: row.ID{2}, Kind: row.Sum}, {Metric: row.ID{1}, Kind: row.Gauge}, {Metric: row.ID{2}, Kind: row.Sum}}
	got := ofMetrics(points, []*row.Metric{known})
	if len(got) != 3 || got[1].Of != known {
		t.Fatalf("%+v", got)
	}
	if m := got[0].Of; m.ID != (row.ID{2}) || m.Name != nil || m.Kind != row.Sum || got[2].Of != m {
		t.Errorf("%+v", m)
	}
}

func TestMetrics(t *testing.T) {
	w := newWritten(t)
	w.processor()
	f := func(want string, wantMore bool, filter MetricFilter) {
		t.Helper()
		all, more, err := w.Metrics(t.Context(), filter)
		got := ""
		for _, m := range all {
			got += fmt.Sprintf("%s %d %s %d %v;", m.Name, m.Kind, m.Unit, m.Series, time.Unix(0, int64(m.Last.Time)).Sub(noon()))
		}
		if err != nil || got != want || more != wantMore {
			t.Errorf("%+v: got %q, %v, %v, want %q, %v", filter, got, more, err, want, wantMore)
		}
	}
	f("cpu.use 5 1 3 6s;latency 9 s 1 7s;", false, MetricFilter{Limit: 2})
	f("cpu.use 5 1 3 6s;", true, MetricFilter{Limit: 1})
	f("cpu.use 5 1 1 6s;", false, MetricFilter{Limit: 9, Service: "frontend"})
	f("latency 9 s 1 7s;", false, MetricFilter{Limit: 9, Name: "lat*"})
	f("cpu.use 5 1 2 6s;", false, MetricFilter{Limit: 9, Attributes: []Attribute{{"cpu", "0"}}})
	f("cpu.use 5 1 1 1s;", false, MetricFilter{Limit: 9, Range: Range{Until: noon().Add(3 * time.Second)}})
}

func TestPoints(t *testing.T) {
	w := newWritten(t)
	w.processor()
	f := func(want string, filter MetricFilter) {
		t.Helper()
		points, err := w.Points(t.Context(), filter)
		got := ""
		for _, p := range points {
			if p.Value != nil {
				got += fmt.Sprintf("%s %v;", p.Of.Name, *p.Value)
			} else {
				got += fmt.Sprintf("%s %d %v;", p.Of.Name, *p.Count, *p.Sum)
			}
		}
		if err != nil || got != want {
			t.Errorf("%+v: got %q, %v, want %q", filter, got, err, want)
		}
	}
	f("cpu.use 0.1;cpu.use 0.2;cpu.use 0.5;cpu.use 0.6;", MetricFilter{Name: "cpu.use", Limit: 9})
	f("cpu.use 0.6;latency 3 4.5;", MetricFilter{Name: "*", Limit: 2})
	f("cpu.use 0.1;cpu.use 0.2;", MetricFilter{Name: "cpu*", Service: "cart", Attributes: []Attribute{{"cpu", "0"}}, Limit: 9})
	f("", MetricFilter{Name: "cpu", Limit: 9})
}
