package store

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/export/database/sqlite"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// noon is the time that the telemetry of tests begins at.
func noon() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

func at(seconds float64) uint64 {
	return uint64(noon().UnixNano()) + uint64(seconds*float64(time.Second))
}

// written is a database that is written to, and read by a store.
type written struct {
	*Store

	t        *testing.T
	exporter *sqlite.Exporter
}

func newWritten(t *testing.T) *written {
	t.Helper()
	path := filepath.Join(t.TempDir(), "telemetry.db")
	e, err := sqlite.New(sqlite.Config{Path: path}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	s, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &written{s, t, e}
}

// write exports a request.
func (w *written) write(sig wire.Signal, request proto.Message) {
	w.t.Helper()
	data, err := proto.Marshal(request)
	if err != nil {
		w.t.Fatal(err)
	}
	batch := &pipeline.Batch{Signal: sig, Items: 1, Bytes: len(data), Parts: []pipeline.Part{{Data: mem.SliceBuffer(data)}}}
	if partial, err := w.exporter.Export(w.t.Context(), batch); err != nil || partial.Rejected > 0 {
		w.t.Fatal(partial, err)
	}
}

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func number(key string, value int64) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: value}}}
}

func truth(key string, value bool) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: value}}}
}

func service(name string) *resource.Resource {
	return &resource.Resource{Attributes: []*common.KeyValue{text("service.name", name), text("host", name+"-1")}}
}

// aSpan is a span to be written.
type aSpan struct {
	trace, id, parent byte // 0 is no parent
	service, name     string
	start, end        float64 // seconds after noon
	failed            bool
	attributes        []*common.KeyValue
}

func (a aSpan) span() *trace.Span {
	s := &trace.Span{
		TraceId: traceID(a.trace), SpanId: []byte{1, 2, 3, 4, 5, 6, 7, a.id}, Name: a.name,
		StartTimeUnixNano: at(a.start), EndTimeUnixNano: at(a.end), Attributes: a.attributes, Kind: trace.Span_SPAN_KIND_SERVER,
	}
	if a.parent != 0 {
		s.ParentSpanId = []byte{1, 2, 3, 4, 5, 6, 7, a.parent}
	}
	if a.failed {
		s.Status = &trace.Status{Code: trace.Status_STATUS_CODE_ERROR, Message: "it broke"}
	}
	return s
}

func traceID(n byte) []byte { return []byte{n, 0xab, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, n} }

func (w *written) spans(all ...aSpan) {
	w.t.Helper()
	request := &coltrace.ExportTraceServiceRequest{}
	for _, one := range all {
		request.ResourceSpans = append(request.ResourceSpans, &trace.ResourceSpans{
			Resource: service(one.service), SchemaUrl: "https://example.com/1",
			ScopeSpans: []*trace.ScopeSpans{{Scope: &common.InstrumentationScope{Name: "tests"}, Spans: []*trace.Span{one.span()}}},
		})
	}
	w.write(wire.Traces, request)
}

// aLog is a log record to be written.
type aLog struct {
	service, body string
	time          float64
	severity      logs.SeverityNumber
	trace         byte
	attributes    []*common.KeyValue
}

func (w *written) logs(all ...aLog) {
	w.t.Helper()
	request := &collogs.ExportLogsServiceRequest{}
	for _, one := range all {
		record := &logs.LogRecord{
			TimeUnixNano: at(one.time), SeverityNumber: one.severity, Attributes: one.attributes,
			Body: text("", one.body).Value,
		}
		if one.trace != 0 {
			record.TraceId, record.SpanId = traceID(one.trace), []byte{1, 2, 3, 4, 5, 6, 7, 1}
		}
		request.ResourceLogs = append(request.ResourceLogs, &logs.ResourceLogs{
			Resource: service(one.service), ScopeLogs: []*logs.ScopeLogs{{LogRecords: []*logs.LogRecord{record}}},
		})
	}
	w.write(wire.Logs, request)
}

// gauge writes data points, a second from each other.
func (w *written) gauge(owner, name, cpu string, from float64, values ...float64) {
	w.t.Helper()
	gauge := &metrics.Gauge{}
	for i, v := range values {
		gauge.DataPoints = append(gauge.DataPoints, &metrics.NumberDataPoint{
			TimeUnixNano: at(from + float64(i)), Value: &metrics.NumberDataPoint_AsDouble{AsDouble: v},
			Attributes: []*common.KeyValue{text("cpu", cpu)},
		})
	}
	w.metric(owner, &metrics.Metric{Name: name, Unit: "1", Data: &metrics.Metric_Gauge{Gauge: gauge}})
}

func (w *written) metric(owner string, m *metrics.Metric) {
	w.t.Helper()
	w.write(wire.Metrics, &colmetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource: service(owner), ScopeMetrics: []*metrics.ScopeMetrics{{Metrics: []*metrics.Metric{m}}},
	}}})
}

// shop writes three traces: 1 is slow and failed, 2 is fine, and 3 has lost its root.
func (w *written) shop() {
	w.t.Helper()
	w.spans(
		aSpan{trace: 1, id: 1, service: "frontend", name: "GET /cart", start: 10, end: 12, failed: true, attributes: []*common.KeyValue{number("http.status", 500)}},
		aSpan{trace: 1, id: 2, parent: 1, service: "cart", name: "load", start: 10.5, end: 11.5, failed: true},
		aSpan{trace: 1, id: 3, parent: 2, service: "cart", name: "SELECT", start: 10.6, end: 11.4, attributes: []*common.KeyValue{truth("db.cached", false)}},
		aSpan{trace: 2, id: 1, service: "frontend", name: "GET /", start: 20, end: 20.25, attributes: []*common.KeyValue{number("http.status", 200), text(`odd."key[0]`, "x")}},
		aSpan{trace: 3, id: 2, parent: 1, service: "cart", name: "load", start: 30, end: 30.5, attributes: []*common.KeyValue{truth("db.cached", true)}},
	)
}

func names(traces []Trace) string {
	text := ""
	for _, t := range traces {
		text += fmt.Sprint(t.ID[0])
	}
	return text
}
