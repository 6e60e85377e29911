package store

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// items is a line of a plan about a table of items.
func items() *regexp.Regexp {
	return regexp.MustCompile(`(SEARCH|SCAN) otlp_(?:spans|points|logs)\b(?: USING(?: COVERING)?)?(.*)`)
}

// planned is a database that notes how each query is answered.
type planned struct {
	connection

	plans []string
}

func (p *planned) query(ctx context.Context, text string, args []any, row func(columns) error) error {
	plan := ""
	err := p.connection.query(ctx, "EXPLAIN QUERY PLAN "+text, args, func(c columns) error {
		plan += string(c.bytes(3)) + "\n"
		return nil
	})
	if err != nil {
		return err
	}
	p.plans = append(p.plans, plan)
	return p.connection.query(ctx, text, args, row)
}

// Tables of items are searched by an index in all that is asked of them.
func TestPlans(t *testing.T) {
	w := newWritten(t)
	w.shop()
	w.processor()
	p := &planned{connection: w.db}
	w.db = p
	f := func(name string, ask func() error, want ...string) {
		t.Helper()
		p.plans = nil
		if err := ask(); err != nil {
			t.Fatal(name, err)
		}
		var got []string
		for _, line := range items().FindAllStringSubmatch(strings.Join(p.plans, ""), -1) {
			got = append(got, line[1]+line[2])
		}
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, want)
		}
	}
	const (
		key         = "SEARCH INDEX sqlite_autoindex_otlp_%s_1 (time>? AND time<?)"
		oneTrace    = "SEARCH INDEX otlp_spans_trace (trace_id=?)"
		oneMetric   = "SEARCH INDEX otlp_points_metric (metric_id=? AND time>? AND time<?)"
		withService = "SEARCH INDEX otlp_%s_service (service=? AND time>? AND time<?)"
	)
	hour := Range{Since: noon().Add(-time.Hour), Until: noon().Add(time.Hour)}
	traces := func(filter TraceFilter) func() error {
		return func() error {
			filter.Range, filter.Limit = hour, 20
			_, err := w.Traces(t.Context(), filter)
			return err
		}
	}
	f("traces", traces(TraceFilter{}), fmt.Sprintf(key, "spans"), oneTrace)
	f("traces of a service", traces(TraceFilter{Service: "cart"}), fmt.Sprintf(withService, "spans"), oneTrace)
	f("traces that failed", traces(TraceFilter{Status: StatusError}), "SEARCH INDEX otlp_spans_error (time>? AND time<?)", oneTrace)
	f("traces with a name", traces(TraceFilter{Name: "l*"}), fmt.Sprintf(key, "spans"), oneTrace)
	f("traces with an attribute", traces(TraceFilter{Attributes: []Attribute{{"host", "cart-1"}}}), fmt.Sprintf(key, "spans"), oneTrace)
	f("a part of an ID", func() error { _, err := w.Find(t.Context(), "02ab"); return err }, "SEARCH INDEX otlp_spans_trace (trace_id>? AND trace_id<?)")
	f("a trace", func() error { _, err := w.Spans(t.Context(), []TraceID{TraceID(traceID(1))}); return err }, oneTrace)

	logs := func(filter LogFilter) func() error {
		return func() error {
			filter.Range, filter.Limit = hour, 20
			_, err := w.Logs(t.Context(), filter)
			return err
		}
	}
	f("logs", logs(LogFilter{}), fmt.Sprintf(key, "logs"))
	f("logs of a service", logs(LogFilter{Service: "cart"}), fmt.Sprintf(withService, "logs"))
	f("logs by severity", logs(LogFilter{MinSeverity: 17}), fmt.Sprintf(key, "logs"))
	f("logs of a trace", logs(LogFilter{Trace: "02ab"}), "SEARCH INDEX otlp_logs_trace (trace_id>? AND trace_id<?)")
	f("logs with a text", logs(LogFilter{Body: "a"}), fmt.Sprintf(key, "logs"))

	f("metrics", func() error { _, _, err := w.Metrics(t.Context(), MetricFilter{Range: hour, Limit: 20}); return err }, oneMetric)
	f("points", func() error {
		_, err := w.Points(t.Context(), MetricFilter{Range: hour, Name: "cpu*", Limit: 20})
		return err
	}, oneMetric)

	f("what has arrived", func() error {
		a := &arrivals{store: w.Store, table: "otlp_logs", condition: (&LogFilter{Service: "cart"}).of}
		return a.begin(t.Context())
	}, "SEARCH INTEGER PRIMARY KEY (rowid>?)")
	f("whether items are there", func() error {
		_, err := w.Holds(t.Context(), wire.Logs, []row.PrimaryKey{{}, {}})
		return err
	}, "SEARCH INDEX sqlite_autoindex_otlp_logs_1 (time=? AND key=?)")
	f("items by their keys", func() error {
		_, err := fetch(t.Context(), w.Store, logColumns, "otlp_logs", []row.PrimaryKey{{}, {}}, (*scan).log)
		return err
	}, "SEARCH INDEX sqlite_autoindex_otlp_logs_1 (time=? AND key=?)")
}
