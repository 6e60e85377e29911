package sqlite

import (
	"strings"

	"zombiezen.com/go/sqlite"
)

// statements write rows. What has the same key is the same row, and is there already.
type statements struct {
	resource, scope, metric *sqlite.Stmt
	span, point, log        *sqlite.Stmt
}

// The columns of each table, in the order in which they are bound.
const (
	resourceColumns = "id service schema_url attributes otlp seen"
	scopeColumns    = "id name version schema_url attributes otlp seen"
	metricColumns   = "id name description unit kind temporality monotonic otlp seen"

	spanColumns = "time key received resource_id scope_id service attributes raw" +
		" trace_id span_id parent_span_id trace_state name kind start_unix_nano duration_nano status_code status_message flags" +
		" dropped_attributes dropped_events dropped_links events links"
	pointColumns = "time key received resource_id scope_id service attributes raw" +
		" metric_id kind start_unix_nano time_unix_nano flags value value_int count sum min max detail exemplars"
	logColumns = "time key received resource_id scope_id service attributes raw" +
		" time_unix_nano observed_unix_nano trace_id span_id severity severity_text event_name body body_json flags dropped_attributes"
)

func newStatements(c *sqlite.Conn) (*statements, error) {
	s := &statements{}
	const (
		again     = " ON CONFLICT (time, key) DO NOTHING"
		seenAgain = " ON CONFLICT (id) DO UPDATE SET seen = excluded.seen WHERE seen < excluded.seen"
	)
	for _, p := range []struct {
		to                       **sqlite.Stmt
		table, columns, conflict string
	}{
		{&s.resource, "otlp_resources", resourceColumns, seenAgain},
		{&s.scope, "otlp_scopes", scopeColumns, seenAgain},
		{&s.metric, "otlp_metrics", metricColumns, seenAgain},
		{&s.span, "otlp_spans", spanColumns, again},
		{&s.point, "otlp_points", pointColumns, again},
		{&s.log, "otlp_logs", logColumns, again},
	} {
		stmt, err := c.Prepare(insert(p.table, strings.Fields(p.columns)) + p.conflict)
		if err != nil {
			return nil, err
		}
		*p.to = stmt
	}
	return s, nil
}

func insert(table string, columns []string) string {
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
}
