package conformance

import (
	"fmt"
	"strings"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const mib = 1 << 20

// encode encodes a message of the harness or of a check, which always can be.
func encode(m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", m, err))
	}
	return b
}

// gzipped compresses in memory, which cannot fail.
func gzipped(b []byte) []byte {
	packed, err := client.Compress("gzip", b)
	if err != nil {
		panic(fmt.Sprintf("gzip: %v", err))
	}
	return packed
}

// items returns an encoded request of n items.
func items(sig signal.Signal, n uint64) []byte { return encode(numbered.Request(sig, 1, n)) }

// logOf returns a request with one log record.
func logOf(body *common.AnyValue) *collogs.ExportLogsServiceRequest {
	return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		ScopeLogs: []*logs.ScopeLogs{{LogRecords: []*logs.LogRecord{{TimeUnixNano: 1, Body: body}}}},
	}}}
}

func text(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
}

// logOfSize returns an encoded request with one log record, a little less than size bytes long.
func logOfSize(size int) []byte { return encode(logOf(text(strings.Repeat("x", size-64)))) }

// spanOf returns a request with the spans.
func spanOf(spans ...*trace.Span) *coltrace.ExportTraceServiceRequest {
	return &coltrace.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{ScopeSpans: []*trace.ScopeSpans{{Spans: spans}}}}}
}

const (
	traceID = "5b8efff798038103d269b633813fc60c"
	spanID  = "eee19b7ec3c1b174"
)

// jsonSpan returns a document with one span: the usual fields and more, which replace them.
func jsonSpan(more string) []byte {
	if !strings.Contains(more, `"traceId"`) {
		more = `"traceId":"` + traceID + `",` + more
	}
	if !strings.Contains(more, `"spanId"`) {
		more = `"spanId":"` + spanID + `",` + more
	}
	return []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{` + strings.TrimSuffix(more, ",") + `}]}]}]}`)
}

// jsonLog returns a document with one log record.
func jsonLog(body string) []byte {
	return []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":` + body + `}]}]}]}`)
}

// jsonPoint returns a document with one data point of a gauge.
func jsonPoint(point string) []byte {
	return []byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{` + point + `}]}}]}]}]}`)
}

// without returns a copy of a message without its unknown fields.
func without(m proto.Message) proto.Message {
	known := m.ProtoReflect().New().Interface()
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(encode(m), known); err != nil {
		panic(fmt.Sprintf("decode %T: %v", m, err))
	}
	return known
}

// spans returns the spans of requests.
func spans(requests ...proto.Message) []*trace.Span {
	var out []*trace.Span
	for _, r := range requests {
		if m, ok := r.(*coltrace.ExportTraceServiceRequest); ok {
			signal.EachSpan(m, func(s *trace.Span) { out = append(out, s) })
		}
	}
	return out
}

// bodies returns the bodies of the log records of requests, and an empty one behind them.
func bodies(requests ...proto.Message) []*common.AnyValue {
	var out []*common.AnyValue
	for _, r := range requests {
		if m, ok := r.(*collogs.ExportLogsServiceRequest); ok {
			signal.EachLog(m, func(l *logs.LogRecord) { out = append(out, l.GetBody()) })
		}
	}
	return append(out, &common.AnyValue{})
}

// points returns the data points of the gauges of requests, and an empty one behind them.
func points(requests ...proto.Message) []*metrics.NumberDataPoint {
	var out []*metrics.NumberDataPoint
	for _, r := range requests {
		if m, ok := r.(*colmetrics.ExportMetricsServiceRequest); ok {
			signal.EachMetric(m, func(m *metrics.Metric) { out = append(out, m.GetGauge().GetDataPoints()...) })
		}
	}
	return append(out, &metrics.NumberDataPoint{})
}
