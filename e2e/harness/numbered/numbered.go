// Package numbered sends items that carry numbers, and remembers which of them a server acknowledged: held against
// what arrived at a sink, it shows loss and duplicates exactly.
package numbered

import (
	"encoding/binary"
	"fmt"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// start is the time of every item, so that requests are the same in every run.
const start = 1_750_000_000_000_000_000

// Request returns a request with n items, numbered from first. Numbers start at 1: an id of zero is not valid.
func Request(sig signal.Signal, first, n uint64) proto.Message {
	from := &resource.Resource{Attributes: []*common.KeyValue{text("service.name", "numbered")}}
	scope := &common.InstrumentationScope{Name: "numbered"}
	switch sig {
	case signal.Metrics:
		points := make([]*metrics.NumberDataPoint, n)
		for i := range points {
			points[i] = &metrics.NumberDataPoint{
				TimeUnixNano: start, Value: &metrics.NumberDataPoint_AsInt{AsInt: int64(first) + int64(i)},
			}
		}
		metric := &metrics.Metric{Name: "number", Data: &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: points}}}
		return &colmetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
			Resource: from, ScopeMetrics: []*metrics.ScopeMetrics{{Scope: scope, Metrics: []*metrics.Metric{metric}}},
		}}}
	case signal.Logs:
		records := make([]*logs.LogRecord, n)
		for i := range records {
			records[i] = &logs.LogRecord{
				TimeUnixNano: start, SeverityText: "INFO",
				Body: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(first) + int64(i)}},
			}
		}
		return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
			Resource: from, ScopeLogs: []*logs.ScopeLogs{{Scope: scope, LogRecords: records}},
		}}}
	default:
		spans := make([]*trace.Span, n)
		for i := range spans {
			id := binary.BigEndian.AppendUint64(nil, first+uint64(i))
			spans[i] = &trace.Span{
				TraceId: append([]byte("numbered"), id...), SpanId: id, Name: fmt.Sprint("span ", first+uint64(i)),
				Kind: trace.Span_SPAN_KIND_SERVER, StartTimeUnixNano: start, EndTimeUnixNano: start + 1000,
			}
		}
		return &coltrace.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{
			Resource: from, ScopeSpans: []*trace.ScopeSpans{{Scope: scope, Spans: spans}},
		}}}
	}
}

// Numbers returns the numbers of the items in a request, in order.
func Numbers(request proto.Message) []uint64 {
	var out []uint64
	switch r := request.(type) {
	case *coltrace.ExportTraceServiceRequest:
		signal.EachSpan(r, func(s *trace.Span) { out = append(out, binary.BigEndian.Uint64(s.GetSpanId())) })
	case *colmetrics.ExportMetricsServiceRequest:
		signal.EachMetric(r, func(m *metrics.Metric) {
			for _, p := range m.GetGauge().GetDataPoints() {
				out = append(out, uint64(p.GetAsInt()))
			}
		})
	case *collogs.ExportLogsServiceRequest:
		signal.EachLog(r, func(l *logs.LogRecord) { out = append(out, uint64(l.GetBody().GetIntValue())) })
	}
	return out
}

func text(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}
