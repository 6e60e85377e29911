package row

import (
	"reflect"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// variants checks that each of several requests with one item has another key, and returns which columns
// differ from those of the first.
func variants[Row any](t *testing.T, sig wire.Signal, row func(*recorder) (Row, ID), requests ...proto.Message) map[string]bool {
	t.Helper()
	differ := map[string]bool{}
	seen := map[ID]proto.Message{}
	var first Row
	for i, m := range requests {
		got, key := row(record(t, sig, otlptest.Encode(m)))
		if other, ok := seen[key]; ok {
			t.Errorf("the same key:\n%v\n%v", m, other)
		}
		seen[key] = m
		if i == 0 {
			first = got
		}
		addDifferences(differ, reflect.ValueOf(first), reflect.ValueOf(got))
	}
	return differ
}

func addDifferences(differ map[string]bool, a, b reflect.Value) {
	for i := range a.NumField() {
		f := a.Type().Field(i)
		if f.Anonymous {
			addDifferences(differ, a.Field(i), b.Field(i))
			continue
		}
		differ[f.Name] = differ[f.Name] || !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface())
	}
}

// Items that differ in any column have different keys.
func TestKeysOfColumns(t *testing.T) {
	all := func(differ map[string]bool) {
		t.Helper()
		for column, differs := range differ {
			if !differs {
				t.Errorf("nothing changes column %s", column)
			}
		}
	}
	all(variants(t, wire.Traces, func(r *recorder) (Span, ID) { return r.spans[0], r.spans[0].Key }, spanVariants()...))
	all(variants(t, wire.Logs, func(r *recorder) (Log, ID) { return r.logs[0], r.logs[0].Key }, logVariants()...))
	all(variants(t, wire.Metrics, func(r *recorder) (Point, ID) { return r.points[0], r.points[0].Key }, pointVariants()...))
}

// attributeVariants are attributes all of which are different.
func attributeVariants() (all []string) {
	for _, v := range []string{
		``, `string_value: ""`, `string_value: "1"`, `string_value: "null"`, `string_value: "\x00"`, `string_value: "\xef\xbf\xbd"`, `int_value: 1`, `double_value: 1`, `double_value: 1.5`,
		`double_value: 1e15`, `int_value: 1000000000000000`, `bool_value: true`, `bytes_value: "1"`, `array_value {}`, `kvlist_value {}`, `array_value { values {} }`,
		`array_value { values { int_value: 1 } values { int_value: 2 } }`, `array_value { values { int_value: 2 } values { int_value: 1 } }`,
		`kvlist_value { values { key: "a" } }`, `kvlist_value { values { key: "b" } }`, `kvlist_value { values { key: "a" } values { key: "b" } }`,
		`kvlist_value { values { key: "b" value { int_value: 1 } } values { key: "a" } }`, `kvlist_value { values { key: "a" value { int_value: 1 } } values { key: "b" } }`,
	} {
		all = append(all, `attributes { key: "k" value { `+v+` } }`)
	}
	return append(all, `attributes { key: "k" } attributes { key: "l" }`, `attributes { key: "l" }`)
}

func spanVariants() (all []proto.Message) {
	const base = `trace_id: "0123456789abcdef" span_id: "01234567" start_time_unix_nano: 1 `
	texts := append(attributeVariants(), ``, `end_time_unix_nano: 2`, `parent_span_id: "abcdefgh"`, `trace_state: "s"`, `name: "s"`, `kind: 1`, `kind: -1`, `status { code: 1 }`, `status { message: "s" }`,
		`flags: 1`, `dropped_attributes_count: 1`, `dropped_events_count: 1`, `dropped_links_count: 1`, `name: "\x00"`)
	for _, field := range []string{"events", "links"} {
		for _, a := range append(attributeVariants(), ``, `dropped_attributes_count: 1`) {
			texts = append(texts, field+` { `+a+` }`)
		}
	}
	texts = append(texts, `events {} events {}`, `events { time_unix_nano: 1 }`, `events { name: "s" }`, `events { name: "s" } events { time_unix_nano: 1 }`, `events { time_unix_nano: 1 } events { name: "s" }`,
		`links { trace_id: "0123456789abcdef" }`, `links { span_id: "01234567" }`, `links { trace_state: "s" }`, `links { flags: 1 }`)
	for _, text := range texts {
		all = append(all, spanRequest(base+text))
	}
	all = append(all, spanRequest(`trace_id: "0123456789abcdeF" span_id: "01234567" start_time_unix_nano: 1`), spanRequest(`trace_id: "0123456789abcdef" span_id: "0123456z" start_time_unix_nano: 1`),
		spanRequest(`trace_id: "0123456789abcdef" span_id: "01234567" start_time_unix_nano: 2 end_time_unix_nano: 3`), spanRequest(`trace_id: "0123456789abcdef" span_id: "01234567"`))
	request := func(resource, scope string) {
		all = append(all, parse(&coltrace.ExportTraceServiceRequest{}, `resource_spans { `+resource+` scope_spans { `+scope+` spans { `+base+` } } }`))
	}
	request(`resource { attributes { key: "service.name" value { string_value: "s" } } }`, ``)
	request(`schema_url: "s"`, ``)
	request(``, `schema_url: "s"`)
	request(`resource { dropped_attributes_count: 1 }`, ``)
	request(`resource { entity_refs { type: "t" } }`, ``)
	request(``, `scope { name: "s" }`)
	request(``, `scope { version: "s" }`)
	request(``, `scope { dropped_attributes_count: 1 }`)
	for _, a := range attributeVariants() {
		request(`resource { `+a+` }`, ``)
		request(``, `scope { `+a+` }`)
	}
	return all
}

func logVariants() (all []proto.Message) {
	texts := append(attributeVariants(), ``, `observed_time_unix_nano: 1`, `trace_id: "0123456789abcdef"`, `span_id: "01234567"`, `severity_number: 1`, `severity_text: "s"`,
		`event_name: "s"`, `flags: 1`, `dropped_attributes_count: 1`, `body { string_value: "" }`, `body { string_value: "[1]" }`, `body { array_value { values { int_value: 1 } } }`, `body { string_value: "null" }`,
		`body { kvlist_value { values { key: "a" } } }`, `body { string_value: "\x00" }`)
	for _, text := range texts {
		all = append(all, logRequest(`time_unix_nano: 1 `+text))
	}
	all = append(all, logRequest(`time_unix_nano: 2`), logRequest(`observed_time_unix_nano: 1`), logRequest(``), parse(&collogs.ExportLogsServiceRequest{}, `resource_logs {
		resource { attributes { key: "service.name" value { string_value: "s" } } } scope_logs { scope { name: "s" } log_records { time_unix_nano: 1 } } }`))
	return all
}

func pointVariants() (all []proto.Message) {
	f := func(before, kind string, points ...string) {
		for _, text := range points {
			all = append(all, metricRequest(before+kind+` data_points { time_unix_nano: 1 `+text+` } }`))
		}
	}
	f(``, `gauge {`, append(attributeVariants(), ``, `start_time_unix_nano: 1`, `flags: 1`, `as_int: 0`, `as_int: 1`, `as_double: 0`, `as_double: 1`, `as_double: nan`,
		`exemplars {}`, `exemplars {} exemplars {}`, `exemplars { time_unix_nano: 1 }`, `exemplars { as_int: 1 }`, `exemplars { as_double: 1 }`, `exemplars { as_int: 0 }`, `exemplars { span_id: "01234567" }`,
		`exemplars { trace_id: "0123456789abcdef" }`, `exemplars { filtered_attributes { key: "k" } }`)...)
	f(``, `sum {`, ``)
	f(``, `sum { is_monotonic: true`, ``)
	f(``, `sum { aggregation_temporality: 1`, ``)
	for _, before := range []string{`name: "s" `, `description: "s" `, `unit: "s" `, `metadata { key: "k" } `, `metadata { key: "l" } `, `name: "\x00" `} {
		f(before, `gauge {`, ``)
	}
	f(``, `histogram {`, ``, `count: 1`, `sum: 0`, `sum: 1`, `min: 0`, `max: 0`, `bucket_counts: 1`, `explicit_bounds: 1`, `bucket_counts: 1 explicit_bounds: 1`)
	f(``, `exponential_histogram {`, ``, `scale: 1`, `zero_count: 1`, `zero_threshold: 1`, `positive {}`, `negative {}`, `positive { offset: 1 }`, `positive { bucket_counts: 1 }`, `negative { bucket_counts: 1 }`)
	f(``, `summary {`, ``, `sum: 1`, `quantile_values {}`, `quantile_values { quantile: 1 }`, `quantile_values { value: 1 }`)
	return append(all, metricRequest(`gauge { data_points { time_unix_nano: 2 } }`), metricRequest(`gauge { data_points {} }`), parse(&colmetrics.ExportMetricsServiceRequest{}, `resource_metrics {
		resource { attributes { key: "service.name" value { string_value: "s" } } } scope_metrics { scope { name: "s" } metrics { gauge { data_points { time_unix_nano: 1 } } } } }`))
}
