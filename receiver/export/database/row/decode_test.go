package row

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// columns compares what is in columns as text, but for those that are derived.
func columns[Row any](t *testing.T, got, want Row) {
	t.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		a, b := g.Field(i).Interface(), w.Field(i).Interface()
		switch a := a.(type) {
		case ID:
		case PrimaryKey:
			columns(t, a, b.(PrimaryKey))
		case Item:
			columns(t, a, b.(Item))
		case []byte:
			if string(a) != string(b.([]byte)) {
				t.Errorf("%s is %s, want %s", g.Type().Field(i).Name, a, b)
			}
		default:
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s is %v, want %v", g.Type().Field(i).Name, a, b)
			}
		}
	}
}

func TestSpan(t *testing.T) {
	r := record(t, wire.Traces, otlptest.Encode(parse(&coltrace.ExportTraceServiceRequest{}, `resource_spans {
		resource { attributes { key: "service.name" value { string_value: "orders" } } } schema_url: "r"
		scope_spans { scope { name: "lib" version: "1.0" attributes { key: "k" value { int_value: 1 } } } schema_url: "s"
			spans { `+ids+` parent_span_id: "abcdefgh" trace_state: "a=b" name: "GET" kind: 2 flags: 257 start_time_unix_nano: 1000 end_time_unix_nano: 900
				attributes { key: "a" value { double_value: 2 } } attributes { key: "b" value { array_value { values { bool_value: true } values {} } } }
				dropped_attributes_count: 1 dropped_events_count: 2 dropped_links_count: 3 status { code: 2 message: "no" }
				events { time_unix_nano: 5 name: "e" attributes { key: "x" value { string_value: "\"y\"" } } dropped_attributes_count: 4 } events {}
				links { trace_id: "0123456789abcdef" span_id: "01234567" trace_state: "s" flags: 7 attributes { key: "x" } dropped_attributes_count: 5 } } } }`)))
	if want := []string{"resource", "scope", "span"}; !slices.Equal(r.order, want) {
		t.Fatalf("%s, want %s", r.order, want)
	}
	columns(t, r.resources[0], Resource{
		Service: Text("orders"), SchemaURL: Text("r"), Attributes: JSON(`{"service.name":"orders"}`),
		OTLP: []byte("\n\x18\n\fservice.name\x12\b\n\x06orders"),
	})
	columns(t, r.scopes[0], Scope{
		Name: Text("lib"), Version: Text("1.0"), SchemaURL: Text("s"), Attributes: JSON(`{"k":1}`),
		OTLP: []byte("\n\x03lib\x12\x031.0\x1a\x07\n\x01k\x12\x02\x18\x01"),
	})
	columns(t, r.spans[0], Span{
		Item:    Item{PrimaryKey: PrimaryKey{Time: 1000}, Service: Text("orders"), Attributes: JSON(`{"a":2.0,"b":[true,null]}`)},
		TraceID: []byte("0123456789abcdef"), SpanID: []byte("01234567"), ParentSpanID: []byte("abcdefgh"),
		TraceState: Text("a=b"), Name: Text("GET"), Kind: 2, Start: 1000, Duration: -100, StatusCode: 2, StatusMessage: Text("no"), Flags: 257,
		DroppedAttributes: 1, DroppedEvents: 2, DroppedLinks: 3,
		Events: JSON(`[{"time_unix_nano":5,"name":"e","dropped_attributes_count":4,"attributes":{"x":"\"y\""}},{}]`),
		Links: JSON(`[{"trace_id":"30313233343536373839616263646566","span_id":"3031323334353637","trace_state":"s","dropped_attributes_count":5,"flags":7,` +
			`"attributes":{"x":null}}]`),
	})
	if s := r.spans[0]; s.Resource != r.resources[0].ID || s.Scope != r.scopes[0].ID {
		t.Error("the span refers to another resource or scope")
	}
}

func TestPoints(t *testing.T) {
	f := func(metric string, want Metric, points ...Point) {
		t.Helper()
		r := record(t, wire.Metrics, otlptest.Encode(metricRequest(metric)))
		columns(t, r.metrics[0], want)
		for i, p := range points {
			p.Time, p.TimeRaw, p.Kind = 7, 7, want.Kind
			columns(t, r.points[i], p)
			if r.points[i].Metric != r.metrics[0].ID {
				t.Error("the point refers to another metric")
			}
		}
	}
	f(`name: "n" description: "d" unit: "u" gauge { data_points { time_unix_nano: 7 as_double: 0.5 flags: 1 exemplars { as_int: 3 time_unix_nano: 2 } } }`,
		Metric{Name: Text("n"), Description: Text("d"), Unit: Text("u"), Kind: Gauge, OTLP: []byte("\n\x01n\x12\x01d\x1a\x01u*\x00")},
		Point{Value: new(0.5), Flags: 1, Exemplars: JSON(`[{"time_unix_nano":2,"value":3}]`)})
	f(`sum { is_monotonic: true aggregation_temporality: 2 data_points { time_unix_nano: 7 as_int: -1 start_time_unix_nano: 3 } data_points { time_unix_nano: 7 } }`,
		Metric{Kind: Sum, Temporality: 2, Monotonic: true, OTLP: []byte(":\x04\x10\x02\x18\x01")}, Point{ValueInt: new(int64(-1)), Start: 3}, Point{})
	f(`histogram { aggregation_temporality: 1 data_points { time_unix_nano: 7 count: 2 sum: 0 max: 3 bucket_counts: [0, 2] explicit_bounds: [1, 1e20, inf] } }`,
		Metric{Kind: Histogram, Temporality: 1, OTLP: []byte("J\x02\x10\x01")},
		Point{Count: new(uint64(2)), Sum: new(0.0), Max: new(3.0), Detail: JSON(`{"bounds":[1.0,1e+20,"Infinity"],"buckets":[0,2]}`)})
	f(`exponential_histogram { data_points { time_unix_nano: 7 scale: -1 zero_count: 1 zero_threshold: 0.25 positive { offset: -2 bucket_counts: [1, 300] } negative {} } }`,
		Metric{Kind: ExponentialHistogram, OTLP: []byte("R\x00")},
		Point{Count: new(uint64), Detail: JSON(`{"scale":-1,"zero_count":1,"positive":{"offset":-2,"buckets":[1,300]},"negative":{},"zero_threshold":0.25}`)})
	f(`summary { data_points { time_unix_nano: 7 quantile_values { quantile: 0.5 } quantile_values { quantile: 1 value: 2 } } data_points { time_unix_nano: 7 sum: 1 } }`,
		Metric{Kind: Summary, OTLP: []byte("Z\x00")},
		Point{Count: new(uint64), Sum: new(0.0), Detail: JSON(`{"quantiles":[[0.5,0.0],[1.0,2.0]]}`)}, Point{Count: new(uint64), Sum: new(1.0)})
}

func TestLog(t *testing.T) {
	f := func(record string, want Log) {
		t.Helper()
		columns(t, recordLog(t, record), want)
	}
	f(`time_unix_nano: 7 observed_time_unix_nano: 8 severity_number: 9 severity_text: "INFO" body { string_value: "b" } dropped_attributes_count: 1 flags: 2 event_name: "e" `+ids,
		Log{
			Item: Item{PrimaryKey: PrimaryKey{Time: 7}}, TimeRaw: 7, Observed: 8, Severity: 9, SeverityText: Text("INFO"), Body: Text("b"), DroppedAttributes: 1, Flags: 2, EventName: Text("e"),
			TraceID: []byte("0123456789abcdef"), SpanID: []byte("01234567"),
		})
	object := JSON(`{"a":{"b":-1}}`)
	f(`observed_time_unix_nano: 8 body { kvlist_value { values { key: "a" value { kvlist_value { values { key: "b" value { int_value: -1 } } } } } } }`,
		Log{Item: Item{PrimaryKey: PrimaryKey{Time: 8}}, Observed: 8, Body: object, BodyJSON: object})
	if l := recordLog(t, `body { string_value: "" }`); l.Body == nil || l.BodyJSON != nil {
		t.Errorf("an empty body is %#v, %#v", l.Body, l.BodyJSON)
	}
	if l := recordLog(t, `body {}`); l.Body != nil || l.BodyJSON != nil {
		t.Errorf("no body is %#v, %#v", l.Body, l.BodyJSON)
	}
}

// recordLog returns the row of a log record in text format.
func recordLog(t *testing.T, text string) Log {
	t.Helper()
	return record(t, wire.Logs, otlptest.Encode(logRequest(text))).logs[0]
}

// Rows come before those that refer to them, and only if there are any.
func TestOrder(t *testing.T) {
	f := func(request string, want ...string) {
		t.Helper()
		r := record(t, wire.Metrics, otlptest.Encode(parse(&colmetrics.ExportMetricsServiceRequest{}, request)))
		if !slices.Equal(r.order, want) {
			t.Errorf("%s: %s, want %s", request, r.order, want)
		}
	}
	f(``)
	f(`resource_metrics { resource { attributes { key: "k" } } scope_metrics { scope { name: "s" } metrics { name: "m" } metrics { gauge {} } } }`)
	f(`resource_metrics { scope_metrics { metrics { gauge { data_points {} data_points {} } } metrics {} metrics { sum { data_points {} } } } scope_metrics {} scope_metrics { metrics { summary { data_points {} } } } }
		resource_metrics { scope_metrics { metrics { gauge { data_points {} } } } }`,
		"resource", "scope", "metric", "point", "point", "metric", "point", "scope", "metric", "point", "resource", "scope", "metric", "point")
}

// What protobuf merges is one row, and what is missing is an empty one.
func TestMerged(t *testing.T) {
	span := func(s string) string { return `spans { ` + ids + s + ` }` }
	f := func(a, b string, same bool) {
		t.Helper()
		rows := func(text string) *recorder {
			return record(t, wire.Traces, otlptest.Encode(parse(&coltrace.ExportTraceServiceRequest{}, `resource_spans { scope_spans { `+span("")+` } }`)), inMessages([]byte(text), fieldResources))
		}
		x, y := rows(a), rows(b)
		if (x.resources[1].ID == y.resources[1].ID && x.scopes[1].ID == y.scopes[1].ID && x.spans[1].Key == y.spans[1].Key) != same {
			t.Errorf("%q and %q: the same is %v", a, b, !same)
		}
	}
	text := func(parts ...[]byte) string { return string(slices.Concat(parts...)) }
	attribute := func(key string) []byte { return inMessages([]byte(key), resourceAttributes, pairKey) }
	one := otlptest.Encode(otlptest.Span(1))
	scopes := inMessages(one, fieldScopes, fieldEntries)
	resource := func(parts ...[]byte) []byte { return inMessages(slices.Concat(parts...), fieldResource) }
	schema := inMessages([]byte("url"), fieldSchemaURL)

	f(text(scopes), text(resource(), scopes), true)
	f(text(scopes), text(scopes, resource(attribute("a"))), false)
	f(text(scopes, resource(attribute("a")), resource(attribute("b"))), text(resource(attribute("a"), attribute("b")), scopes), true)
	f(text(scopes, resource(attribute("a")), resource(attribute("b")), resource(attribute("c"))), text(resource(attribute("a"), attribute("b"), attribute("c")), scopes), true)
	f(text(scopes, schema), text(schema, scopes), true)
	f(text(scopes), text(schema, scopes), false)
	f(text(schema, resource(attribute("a")), scopes), text(resource(inMessages([]byte("urla"), resourceAttributes)), scopes), false)
	withScope := func(scope string) []byte {
		return inMessages(slices.Concat(inMessages([]byte(scope), fieldScope), inMessages(one, fieldEntries)), fieldScopes)
	}
	f(text(scopes), text(withScope("")), true)
	f(text(scopes), text(withScope("\n\x01s")), false)
}

// A metric of two kinds cannot be, but its data points have been counted.
func TestMetricOfSeveralKinds(t *testing.T) {
	point := inMessages(nil, dataPoints)
	unknown := []byte{0x18, 1} // is_monotonic, in a sum
	metric := slices.Concat(inMessages([]byte("m"), metricName), inMessages(slices.Concat(point, unknown, point), 9), inMessages(point, 5), inMessages(point, 9), []byte{0xa8, 0x06, 1})
	r := roundTrip(t, wire.Metrics, inMessages(metric, 1, 2, 2))
	if want := []string{"resource", "scope", "metric", "point", "metric", "point", "point", "point"}; !slices.Equal(r.order, want) {
		t.Errorf("%s, want %s", r.order, want)
	}
	columns(t, r.metrics[0], Metric{Name: Text("m"), Kind: Gauge, OTLP: []byte("\n\x01m\xa8\x06\x01*\x00")})
	columns(t, r.metrics[1], Metric{Name: Text("m"), Kind: Histogram, OTLP: []byte("\n\x01m\xa8\x06\x01J\x02\x18\x01")})
}

// The data points of a metric, appended to its row, are the metric again.
func TestMetricWithItsPoints(t *testing.T) {
	for _, rm := range otlptest.Metrics(25).GetResourceMetrics() {
		for _, want := range rm.GetScopeMetrics()[0].GetMetrics() {
			r := record(t, wire.Metrics, inMessages(otlptest.Encode(want), 1, 2, 2))
			var points []byte
			for _, p := range r.items(t) {
				points = append(points, inMessages(p.b, dataPoints)...)
			}
			m := r.metrics[0]
			var got metrics.Metric
			err := proto.Unmarshal(append(m.OTLP, inMessages(points, protowire.Number(m.Kind))...), &got)
			normalize(got.ProtoReflect())
			normalize(want.ProtoReflect())
			if err != nil || !proto.Equal(&got, want) {
				t.Errorf("got %v, %v, want %v", &got, err, want)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	now := uint64(received().Received.UnixNano())
	f := func(sig wire.Signal, m proto.Message, want uint64) {
		t.Helper()
		r := record(t, sig, otlptest.Encode(m))
		var got uint64
		switch sig {
		case wire.Traces:
			got = r.spans[0].Time
		case wire.Metrics:
			got = r.points[0].Time
		default:
			got = r.logs[0].Time
		}
		if got != want {
			t.Errorf("%s: time %d, want %d", prototext.Format(m), got, want)
		}
	}
	f(wire.Traces, spanRequest(ids+`start_time_unix_nano: 1 end_time_unix_nano: 2`), 1)
	f(wire.Traces, spanRequest(ids+`end_time_unix_nano: 2`), 2)
	f(wire.Traces, spanRequest(ids), now)
	f(wire.Metrics, metricRequest(`sum { data_points { start_time_unix_nano: 1 time_unix_nano: 2 } }`), 2)
	f(wire.Metrics, metricRequest(`sum { data_points { start_time_unix_nano: 1 } }`), now)
	f(wire.Logs, logRequest(`time_unix_nano: 1 observed_time_unix_nano: 2`), 1)
	f(wire.Logs, logRequest(`observed_time_unix_nano: 2`), 2)
	f(wire.Logs, logRequest(``), now)
}

// The same item has the same key wherever it stands; without a time, its place and when it
// was received tell it from others.
func TestKeys(t *testing.T) {
	timed := otlptest.Encode(logRequest(`time_unix_nano: 1`))
	timeless := otlptest.Encode(logRequest(`severity_text: "s"`))
	r := record(t, wire.Logs, timed, timeless, timed, timeless)
	if r.logs[0].Key != r.logs[2].Key {
		t.Error("an item has another key when it is sent again")
	}
	if r.logs[1].Key == r.logs[3].Key {
		t.Error("two items without time have the same key")
	}
	whole := record(t, wire.Logs, slices.Concat(timed, timeless, timed, timeless))
	for i := range whole.logs {
		if whole.logs[i].Key != r.logs[i].Key {
			t.Errorf("item %d has another key when the batch is in one part", i)
		}
	}
	var d Decoder
	d.Reset(Origin{Received: received().Received.Add(time.Nanosecond)})
	later := &recorder{}
	if err := d.Decode(wire.Logs, slices.Concat(timed, timeless), later); err != nil {
		t.Fatal(err)
	}
	if later.logs[0].Key != r.logs[0].Key || later.logs[1].Key == r.logs[1].Key {
		t.Error("when it was received matters for an item with time, or not for one without")
	}
}

// IDs are in databases: they never change.
func TestKeysAreStable(t *testing.T) {
	r := record(t, wire.Metrics, otlptest.Encode(otlptest.Metrics(1)))
	span := record(t, wire.Traces, otlptest.Encode(otlptest.Traces(1))).spans[0]
	f := func(got ID, want string) {
		t.Helper()
		if got.String() != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(r.resources[0].ID, "6a5fc4a9-00d8-0128-f919-3ad9661beeb9")
	f(r.scopes[0].ID, "28204a4c-f8eb-2983-24ff-5b7656382ff4")
	f(r.metrics[0].ID, "56a63b7d-0046-83e4-aaa2-0aca3c61b896")
	f(r.points[0].Key, "e773fb97-c56f-6ec8-1fbf-13eceda1f30d")
	f(span.Key, "16889fec-c6eb-5e5d-ceb6-1126d771db00")
	f(recordLog(t, ``).Key, "94a73c34-32b3-0d68-bb9b-d286d803294d")
}

func TestService(t *testing.T) {
	f := func(attributes, want string) {
		t.Helper()
		m := parse(&coltrace.ExportTraceServiceRequest{}, `resource_spans { resource { `+attributes+` } scope_spans { spans { `+ids+` } } }`)
		r := record(t, wire.Traces, otlptest.Encode(m))
		if got := string(r.resources[0].Service); got != want || string(r.spans[0].Service) != want {
			t.Errorf("%.80s…: %q, want %q", attributes, got, want)
		}
	}
	name := func(s string) string {
		return `attributes { key: "service.name" value { string_value: "` + s + `" } }`
	}
	long := strings.Repeat("é", 128)
	f(``, "")
	f(name("a"), "a")
	f(name("a")+name("b"), "b")
	f(name("a")+`attributes { key: "service.name" value { int_value: 1 } }`, "")
	f(name(`a\x00b`), "a\uFFFDb")
	f(name(long[:254]), long[:254])
	f(name(long), long[:254])
	f(name("x"+long), "x"+long[:254])
}

func TestDecodeFails(t *testing.T) {
	var d Decoder
	d.Reset(received())
	if err := d.Decode(wire.Profiles, nil, nobody{}); err == nil || err.Error() != "profiles have no rows in a database" {
		t.Errorf("got %v", err)
	}
	full := errors.New("disk full")
	for _, c := range payloads {
		r := &recorder{err: full}
		if err := d.Decode(c.sig, otlptest.Encode(c.make(3)), r); !errors.Is(err, full) || len(r.spans)+len(r.points)+len(r.logs) != 1 {
			t.Errorf("%s: %v after %s", c.sig, err, r.order)
		}
	}
}
