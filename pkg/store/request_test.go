package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// same checks that a document is a request.
func same(t *testing.T, sig wire.Signal, document []byte, err error, want proto.Message) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	data, err := otlpjson.AppendWire(nil, sig, document)
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	got := want.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(data, got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, protocmp.Transform()); d != "" {
		t.Errorf("what is read is not what was written (-, +):\n%s", d)
	}
}

func TestSpanJSON(t *testing.T) {
	w := newWritten(t)
	scope := &common.InstrumentationScope{Name: "tests", Version: "1"}
	want := &coltrace.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{
		Resource: service("frontend"), SchemaUrl: "https://example.com/1",
		ScopeSpans: []*trace.ScopeSpans{
			{Scope: scope, SchemaUrl: "https://example.com/2", Spans: []*trace.Span{aSpan{trace: 1, id: 1, name: "a", start: 1, end: 2, failed: true}.span(), aSpan{trace: 1, id: 2, parent: 1, name: "b", start: 2, end: 2}.span()}},
			{Scope: &common.InstrumentationScope{Name: "other"}, Spans: []*trace.Span{aSpan{trace: 1, id: 3, name: "c", start: 3, end: 4, attributes: []*common.KeyValue{number("n", 1)}}.span()}},
		},
	}, {
		Resource: service("cart"), ScopeSpans: []*trace.ScopeSpans{{Scope: scope, Spans: []*trace.Span{aSpan{trace: 1, id: 4, name: "d", start: 4, end: 5}.span()}}},
	}}}
	w.write(wire.Traces, want)
	spans, err := w.Spans(t.Context(), []TraceID{TraceID(traceID(1))})
	if err != nil || len(spans) != 4 {
		t.Fatal(len(spans), err)
	}
	document, err := w.SpanJSON(t.Context(), spans)
	same(t, wire.Traces, document, err, want)
}

func TestLogJSON(t *testing.T) {
	w := newWritten(t)
	want := &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource: service("cart"), ScopeLogs: []*logs.ScopeLogs{{Scope: &common.InstrumentationScope{Name: "s"}, LogRecords: []*logs.LogRecord{
			{TimeUnixNano: at(1), Body: text("", "a").Value, SeverityText: "Info", EventName: "e"},
			{TimeUnixNano: at(2), Body: &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: []*common.KeyValue{number("n", 1)}}}}},
		}}},
	}}}
	w.write(wire.Logs, want)
	all, err := w.Logs(t.Context(), LogFilter{Limit: 9})
	if err != nil {
		t.Fatal(err)
	}
	document, err := w.LogJSON(t.Context(), all)
	same(t, wire.Logs, document, err, want)
}

func TestPointJSON(t *testing.T) {
	w := newWritten(t)
	point := &metrics.NumberDataPoint{TimeUnixNano: at(1), Value: &metrics.NumberDataPoint_AsInt{AsInt: 5}}
	later := &metrics.NumberDataPoint{TimeUnixNano: at(2), StartTimeUnixNano: at(1), Value: &metrics.NumberDataPoint_AsDouble{AsDouble: 0.5}}
	want := &colmetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource: service("cart"), ScopeMetrics: []*metrics.ScopeMetrics{{Scope: &common.InstrumentationScope{Name: "s"}, Metrics: []*metrics.Metric{
			{Name: "requests", Unit: "1", Description: "d", Data: &metrics.Metric_Sum{Sum: &metrics.Sum{
				IsMonotonic: true, AggregationTemporality: metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE,
				DataPoints: []*metrics.NumberDataPoint{point, later},
			}}},
			{Name: "level", Data: &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: []*metrics.NumberDataPoint{{TimeUnixNano: at(3), Value: point.Value}}}}},
		}}},
	}}}
	w.write(wire.Metrics, want)
	all, err := w.Points(t.Context(), MetricFilter{Limit: 9})
	if err != nil {
		t.Fatal(err)
	}
	document, err := w.PointJSON(t.Context(), all)
	same(t, wire.Metrics, document, err, want)
}

func TestNothingAsJSON(t *testing.T) {
	w := newWritten(t)
	document, err := w.SpanJSON(t.Context(), nil)
	if got, want := string(document), `{"resourceSpans":[]}`; err != nil || got != want {
		t.Errorf("no spans: %s, %v, want %s", got, err, want)
	}
}
