package cli

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/store"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type queryMetricsOptions struct {
	queryOptions

	name string
}

func newQueryMetrics(s term.Streams) *cobra.Command {
	var o queryMetricsOptions
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "List metrics, or show the newest data points of some",
		Long: `List the metrics of which a database keeps data points, with the last one of each; or with --name
show the newest data points of those with that name, series by series. --follow goes on with those
that arrive.

` + databaseText + `

-o json is OTLP/JSON with the data points that are shown, one document, or with --follow one on each
line: it can be sent again.`,
		Example: `  # Which metrics are there?
  otlpctl query metrics

  # The newest data points of one, or of several
  otlpctl query metrics --name http.server.request.duration --service checkout
  otlpctl query metrics --name 'system.cpu.*' --attribute cpu=0

  # As they come
  otlpctl query metrics --follow --name queue.size`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return usageError(cmd, err)
			}
			return runQueryMetrics(cmd.Context(), s, &o)
		},
	}
	queryFlags(cmd, &o.queryOptions, "metrics or data points", queryLimit)
	cmd.Flags().Lookup("limit").Usage = "`number` of metrics at most, the first by name, or of data points, the newest"
	cmd.Flags().StringVar(&o.name, "name", "", "`name` of the metric; * stands for any characters, ? for one")
	return cmd
}

func (o *queryMetricsOptions) filter() store.MetricFilter {
	attributes, _ := o.wanted() // as check has seen
	return store.MetricFilter{
		Range: o.within(time.Now()), Name: o.name, Service: o.service, Attributes: attributes, Limit: o.limit,
	}
}

func runQueryMetrics(ctx context.Context, s term.Streams, o *queryMetricsOptions) error {
	return withStore(ctx, &o.queryOptions, func(db *store.Store) error {
		l := &pointList{streams: s, options: &o.queryOptions, colors: newPalette(s.Out)}
		l.document = func(points []store.Point) ([]byte, error) { return db.PointJSON(ctx, points) }
		switch {
		case o.follow:
			return ended(ctx, db.FollowPoints(ctx, o.filter(), store.Followed[store.Point]{New: l.show, Outage: follower{s}.outage}))
		case o.name == "":
			metrics, more, err := db.Metrics(ctx, o.filter())
			if err != nil {
				return err
			}
			if more {
				note(s.Err, "%s there are more metrics than %d; --limit shows more", s.Err.Paint(term.Warn, "note:"), o.limit)
			}
			return l.list(metrics)
		}
		points, err := db.Points(ctx, o.filter())
		if err != nil {
			return err
		}
		defer noteLimit(s, &o.queryOptions, len(points), "data points")
		return l.show(points)
	})
}

// pointList shows data points as they come.
type pointList struct {
	streams  term.Streams
	options  *queryOptions
	colors   palette
	document func([]store.Point) ([]byte, error)
	table    *telemetryTable // nil at first
}

// list shows metrics, each with its last data point.
func (l *pointList) list(metrics []store.Metric) error {
	if len(metrics) == 0 {
		noteNothing(l.streams, l.options, "metrics")
	}
	if l.options.format != output.Table {
		points := make([]store.Point, len(metrics))
		for i := range metrics {
			points[i] = store.Point{Point: metrics[i].Last, Of: &metrics[i].Metric}
		}
		return l.write(points)
	}
	out, now := l.streams.Out, time.Now()
	table := &telemetryTable{out: out, columns: []telemetryColumn{
		{name: "NAME", bends: true},
		{name: "KIND", spare: 2},
		{name: "UNIT", spare: 1},
		{name: "SERIES", right: true},
		{name: "LAST", bends: true},
		{name: "AGE", right: true, spare: 3},
	}}
	rows := make([][]telemetryCell, len(metrics))
	for i := range metrics {
		m := &metrics[i]
		rows[i] = []telemetryCell{
			{text: string(m.Name)},
			{text: kindText(m.Kind)},
			{text: string(m.Unit)},
			{text: strconv.Itoa(m.Series)},
			pointCell(m.Last),
			{text: shortAge(out, momentOf(pointTime(m.Last)), now), full: momentFull(pointTime(m.Last))},
		}
	}
	return table.write(rows)
}

// pointColumns are those of data points. Series are told apart for longer than units are shown.
func pointColumns() []telemetryColumn {
	return []telemetryColumn{
		{name: "METRIC", bends: true, usual: 28},
		{name: "SERVICE", bends: true, spare: 2, usual: 16},
		{name: "ATTRIBUTES", bends: true, spare: 3, usual: 24},
		{name: "TIME", usual: len("15:04:05.000")},
		{name: "VALUE", bends: true, usual: 20},
		{name: "UNIT", bends: true, spare: 1, usual: 9},
	}
}

func (l *pointList) show(points []store.Point) error {
	first := l.table == nil
	if first {
		l.table = &telemetryTable{out: l.streams.Out, follow: l.options.follow, columns: pointColumns()}
		if len(points) == 0 {
			noteNothing(l.streams, l.options, "data points")
		}
	}
	switch {
	case len(points) == 0 && l.options.follow:
		return nil
	case l.options.format != output.Table:
		return l.write(points)
	}
	return l.table.write(l.rows(points, time.Now()))
}

func (l *pointList) write(points []store.Point) error {
	document, err := l.document(points)
	if err != nil {
		return err
	}
	return documents{l.streams.Out, l.options.format, l.options.follow}.write(document)
}

// rows returns data points series by series. On a terminal, what a row has like the one above is not repeated.
func (l *pointList) rows(points []store.Point, now time.Time) [][]telemetryCell {
	slices.SortStableFunc(points, bySeries)
	rows := make([][]telemetryCell, len(points))
	for i, p := range points {
		service := string(p.Service)
		rows[i] = []telemetryCell{
			{text: string(p.Of.Name)},
			{text: service, style: func(text string) string { return l.colors.paint(service, text) }},
			{text: attributesText(p.Attributes)},
			{text: momentText(pointTime(p.Point), now), full: momentFull(pointTime(p.Point))},
			pointCell(p.Point),
			{text: string(p.Of.Unit)},
		}
		if i > 0 && bySeries(points[i-1], p) == 0 && l.streams.Out.IsTerminal() && !l.options.follow {
			rows[i][0].text, rows[i][1].text, rows[i][2].text = "", "", ""
		}
	}
	return rows
}

// bySeries orders data points by what they are of.
func bySeries(a, b store.Point) int {
	return cmp.Or(
		bytes.Compare(a.Of.Name, b.Of.Name), bytes.Compare(a.Service, b.Service), bytes.Compare(a.Attributes, b.Attributes),
		bytes.Compare(a.Metric[:], b.Metric[:]), bytes.Compare(a.Resource[:], b.Resource[:]), bytes.Compare(a.Scope[:], b.Scope[:]),
	)
}
