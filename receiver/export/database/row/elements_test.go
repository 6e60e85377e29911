package row

import (
	"bytes"
	"encoding/json"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Of a very long list, columns have the beginning. All of the item is kept all the same.
func TestManyElements(t *testing.T) {
	many := make([]*commonpb.AnyValue, mostElements+1)
	events := make([]*tracepb.Span_Event, mostElements+1)
	for i := range many {
		many[i], events[i] = &commonpb.AnyValue{}, &tracepb.Span_Event{}
	}
	body := &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: many}}}
	f := func(sig wire.Signal, m proto.Message, column func(*recorder) (JSON, *Item)) {
		t.Helper()
		list, item := column(roundTrip(t, sig, otlptest.Encode(m)))
		if n := bytes.Count(list, []byte(",")) + 1; n != mostElements || !json.Valid(list) || item.Raw == nil {
			t.Errorf("%s: %d elements, raw of %d bytes", sig, n, len(item.Raw))
		}
	}
	f(wire.Logs, &collogs.ExportLogsServiceRequest{ResourceLogs: []*logspb.ResourceLogs{{ScopeLogs: []*logspb.ScopeLogs{{
		LogRecords: []*logspb.LogRecord{{TimeUnixNano: 1, Body: body}},
	}}}}}, func(r *recorder) (JSON, *Item) { return r.logs[0].BodyJSON, &r.logs[0].Item })
	f(wire.Traces, &coltrace.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{{
		Spans: []*tracepb.Span{{TraceId: []byte("0123456789abcdef"), SpanId: []byte("01234567"), StartTimeUnixNano: 1, Events: events}},
	}}}}}, func(r *recorder) (JSON, *Item) { return r.spans[0].Events, &r.spans[0].Item })
	f(wire.Metrics, &colmetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metricspb.ResourceMetrics{{ScopeMetrics: []*metricspb.ScopeMetrics{{
		Metrics: []*metricspb.Metric{{Data: &metricspb.Metric_ExponentialHistogram{ExponentialHistogram: &metricspb.ExponentialHistogram{
			DataPoints: []*metricspb.ExponentialHistogramDataPoint{{TimeUnixNano: 1, Positive: &metricspb.ExponentialHistogramDataPoint_Buckets{
				BucketCounts: make([]uint64, mostElements+1),
			}}},
		}}}},
	}}}}}, func(r *recorder) (JSON, *Item) { return r.points[0].Detail, &r.points[0].Item })
}

// The same goes for members of an object.
func TestManyMembers(t *testing.T) {
	attributes := make([]byte, 0, 2*(mostElements+1))
	for range mostElements + 1 {
		attributes = append(attributes, logAttributes<<3|byte(wire.TypeBytes), 0)
	}
	r := roundTrip(t, wire.Logs, inMessages(attributes, 1, 2, 2))
	if l := r.logs[0]; string(l.Attributes) != `{"":null}` || l.Raw == nil {
		t.Errorf("attributes %s, raw of %d bytes", l.Attributes, len(l.Raw))
	}
}
