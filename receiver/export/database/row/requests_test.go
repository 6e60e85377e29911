package row

import (
	"slices"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

const (
	ids       = `trace_id: "0123456789abcdef" span_id: "01234567" `
	someValue = `kvlist_value { values { key: "a" value { array_value { values { int_value: -9223372036854775808 } values {} values { double_value: 2 }
		values { kvlist_value {} } values { array_value {} } } } } values { key: "" value { string_value: "\"\\\n\t\x1fé😀</x>" } } } `
	someAttributes = `attributes { key: "z" value { string_value: "" } } attributes { key: "a" value { bool_value: false } } attributes { key: "ab" }
		attributes { key: "none" value {} } attributes { key: "1.50" value { double_value: 1.5 } } attributes { key: "integral" value { double_value: -3 } }
		attributes { key: "zero" value { double_value: 0 } } attributes { key: "large" value { double_value: 999999999999999 } }
		attributes { key: "small" value { double_value: 0.000001 } } attributes { key: "most" value { int_value: 9223372036854775807 } }
		attributes { key: "nested" value { ` + someValue + ` } } `
	exemplars = `exemplars { time_unix_nano: 1 as_double: 0.5 span_id: "01234567" trace_id: "0123456789abcdef" filtered_attributes { key: "k" value { int_value: 1 } } }
		exemplars { as_int: 2 } exemplars { as_double: 2 } exemplars {} `
)

// parse returns a request in text format.
func parse[M proto.Message](m M, text string) M {
	if err := prototext.Unmarshal([]byte(text), m); err != nil {
		panic(text + ": " + err.Error())
	}
	return m
}

func spanRequest(span string) proto.Message {
	return parse(&coltrace.ExportTraceServiceRequest{}, `resource_spans { scope_spans { spans { `+span+` } } }`)
}

func metricRequest(metric string) proto.Message {
	return parse(&colmetrics.ExportMetricsServiceRequest{}, `resource_metrics { scope_metrics { metrics { `+metric+` } } }`)
}

func logRequest(record string) proto.Message {
	return parse(&collogs.ExportLogsServiceRequest{}, `resource_logs { scope_logs { log_records { `+record+` } } }`)
}

// wholeRequests returns requests that use every field, all of which columns can hold.
func wholeRequests() map[wire.Signal]proto.Message {
	return map[wire.Signal]proto.Message{
		wire.Traces: spanRequest(ids + `trace_state: "a=b" parent_span_id: "\x00abcdefg" name: "n" kind: 77 start_time_unix_nano: 18446744073709551615 end_time_unix_nano: 5
			dropped_attributes_count: 4294967295 dropped_events_count: 2 dropped_links_count: 3 flags: 4294967295 status { message: "m" code: -1 } ` + someAttributes +
			`events { time_unix_nano: 18446744073709551615 name: "e" dropped_attributes_count: 4294967295 ` + someAttributes + `} events {}
			links { trace_id: "0123456789abcdef" span_id: "01234567" trace_state: "s" dropped_attributes_count: 1 flags: 4294967295 ` + someAttributes + `} links {}`),
		wire.Metrics: metricRequest(`name: "n" description: "d" unit: "u" metadata { key: "k" } exponential_histogram { aggregation_temporality: 2 data_points {
			start_time_unix_nano: 1 time_unix_nano: 18446744073709551615 count: 9223372036854775807 sum: inf scale: -2147483648 zero_count: 18446744073709551615 flags: 1 min: -inf max: 1e300
			zero_threshold: 1e-300 positive { offset: 2147483647 bucket_counts: [0, 18446744073709551615] } negative {} ` + exemplars + someAttributes + ` } data_points {} }`),
		wire.Logs: logRequest(`time_unix_nano: 18446744073709551615 observed_time_unix_nano: 1 severity_number: 99 severity_text: "s" body { ` + someValue + ` } dropped_attributes_count: 1
			flags: 4294967295 event_name: "e" ` + ids + someAttributes),
	}
}

// inMessages puts an encoded item into as many messages as the numbers say, outermost first.
func inMessages(item []byte, numbers ...protowire.Number) []byte {
	for _, number := range slices.Backward(numbers) {
		item = protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), item)
	}
	return item
}

// Which telemetry has the column raw beside the others.
func TestRaw(t *testing.T) {
	f := func(table string, sig wire.Signal, b []byte, raw bool) {
		t.Helper()
		for _, got := range roundTrip(t, sig, b).rawOf() {
			if (got != nil) != raw {
				t.Errorf("%s: raw is %x, want any = %v", table, got, raw)
			}
		}
	}
	spans := func(raw bool, cases ...string) {
		t.Helper()
		for _, text := range cases {
			f("span { "+text+" }", wire.Traces, otlptest.Encode(spanRequest(ids+text)), raw)
		}
	}
	points := func(raw bool, cases ...string) {
		t.Helper()
		for _, text := range cases {
			f("metric { "+text+" }", wire.Metrics, otlptest.Encode(metricRequest(text)), raw)
		}
	}
	logs := func(raw bool, cases ...string) {
		t.Helper()
		for _, text := range cases {
			f("log { "+text+" }", wire.Logs, otlptest.Encode(logRequest(text)), raw)
		}
	}
	attributes := func(raw bool, values ...string) {
		t.Helper()
		for _, v := range values {
			attribute := `attributes { key: "k" value { ` + v + ` } }`
			spans(raw, attribute, `events { `+attribute+` }`, `links { `+attribute+` }`)
			points(raw, `sum { data_points { `+attribute+` } }`, `gauge { data_points { exemplars { filtered_`+attribute+` } } }`)
			logs(raw, attribute, `body { array_value { values { `+v+` } } }`, `body { kvlist_value { values { key: "k" value { `+v+` } } } }`)
		}
	}
	attributes(false, ``, `string_value: "\n"`, `int_value: -1`, `bool_value: true`, `double_value: 0`, `double_value: -1e-6`, `double_value: 1e14`, someValue)
	attributes(true, `string_value: "\x00"`, `bytes_value: ""`, `bytes_value: "\xff"`, `double_value: nan`, `double_value: -inf`, `double_value: -0.0`, `double_value: 1e15`,
		`double_value: -9e-7`, `double_value: 5e-324`, `string_value_strindex: 1`, `array_value { values { bytes_value: "b" } }`, `kvlist_value { values { key: "\x00" } }`,
		`kvlist_value { values { key: "twice" } values { key: "once" } values { key: "twice" value { int_value: 1 } } }`)

	spans(false, ``, `kind: -5`, `status {}`, `status { code: 9 }`, `status { message: "m" }`, `end_time_unix_nano: 1`, `start_time_unix_nano: 9223372036854775808`)
	spans(true, `name: "\x00"`, `trace_state: "a\x00"`, `status { message: "\x00" }`, `events { name: "\x00" }`, `links { trace_state: "\x00" }`, `parent_span_id: "\x00\x00\x00\x00\x00\x00\x00\x00"`,
		`attributes { key: "k" } attributes { key: "k" value { int_value: 1 } }`, `attributes { key_strindex: 1 }`)

	points(false, `gauge { data_points {} }`, `gauge { data_points { as_double: inf } }`, `sum { data_points { as_double: 1e300 } data_points { as_int: -9223372036854775808 } }`,
		`summary { data_points {} data_points { count: 1 sum: -1 quantile_values {} quantile_values { quantile: 1e-300 value: inf } } }`,
		`histogram { data_points { sum: 0 min: 0 max: 0 bucket_counts: [0, 18446744073709551615] explicit_bounds: [-inf, 0, 1e20, 5e-324, inf] } data_points { bucket_counts: 1 } }`,
		`exponential_histogram { data_points { positive {} negative { offset: -1 } zero_threshold: inf } }`)
	points(true, `gauge { data_points { as_double: nan } }`, `sum { data_points { as_double: -0.0 } }`, `histogram { data_points { count: 9223372036854775808 } }`,
		`histogram { data_points { sum: nan } }`, `histogram { data_points { min: nan } }`, `exponential_histogram { data_points { max: -0.0 } }`, `exponential_histogram { data_points { zero_threshold: -0.0 } }`,
		`histogram { data_points { explicit_bounds: [-0.0] } }`, `histogram { data_points { explicit_bounds: nan } }`, `summary { data_points { quantile_values { value: nan } } }`,
		`exponential_histogram { data_points { zero_threshold: nan } }`, `summary { data_points { sum: -0.0 } }`, `summary { data_points { quantile_values { value: -0.0 } } }`,
		`gauge { data_points { exemplars { as_double: 1e15 } } }`, `gauge { data_points { exemplars { as_double: nan } } }`)

	logs(false, ``, `body {}`, `body { string_value: "" }`, `body { string_value: "{}" }`, `body { double_value: 1 }`, `trace_id: "" flags: 1`)
	logs(true, `body { bytes_value: "b" }`, `body { string_value: "\x00" }`, `body { double_value: nan }`, `event_name: "\x00"`, `severity_text: "\x00"`,
		`span_id: "\x00\x00\x00\x00\x00\x00\x00\x00"`, `trace_id: "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"`)
}

// What no encoder writes, or only one of another version, is in raw.
func TestRawUnknown(t *testing.T) {
	number := func(n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
	}
	group := protowire.AppendTag(append(protowire.AppendTag(nil, 99, protowire.StartGroupType), number(1, 1)...), 99, protowire.EndGroupType)
	f := func(raw bool, extra ...[]byte) {
		t.Helper()
		for _, b := range extra {
			for _, got := range roundTrip(t, wire.Logs, inMessages(b, 1, 2, 2)).rawOf() {
				if (got != nil) != raw {
					t.Errorf("%x: raw is %x, want any = %v", b, got, raw)
				}
			}
		}
	}
	text := func(s string) []byte { return inMessages([]byte(s), anyString) }
	f(false, nil, number(logSeverity, 1), number(logSeverity, 1<<32+5), []byte{logSeverity << 3, 0x81, 0x80, 0x00}, inMessages(text("s"), logBody),
		inMessages(number(anyBool, 2), logBody), inMessages(nil, logAttributes))
	f(true, number(99, 1), number(13, 0), group, inMessages(group, logBody), inMessages(group, logAttributes, pairValue, anyArray, listValues), inMessages(number(9, 1), logAttributes),
		append(number(logSeverity, 1), number(logSeverity, 1)...), append(inMessages(text("s"), logBody), inMessages(text("s"), logBody)...),
		inMessages(append(text("s"), number(anyInt, 1)...), logBody), inMessages(append(text("s"), number(anyInt, 1)...), logAttributes, pairValue),
		inMessages(append(inMessages(nil, pairValue), inMessages(nil, pairValue)...), logAttributes), inMessages(number(3, 0), logAttributes))
}
