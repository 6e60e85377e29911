// Package otlptest makes realistic telemetry for tests and benchmarks.
// Everything it returns depends on its arguments alone.
package otlptest

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
)

const start = 1_790_000_000_000_000_000 // nanoseconds since the Unix epoch

// Traces returns a request of n spans with about ten attributes each (some 490 bytes a span).
func Traces(n int) *coltrace.ExportTraceServiceRequest {
	spans := make([]*trace.Span, n)
	for i := range spans {
		spans[i] = Span(uint64(i + 1))
	}
	return &coltrace.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{
		Resource: Resource(), SchemaUrl: "https://opentelemetry.io/schemas/1.37.0",
		ScopeSpans: []*trace.ScopeSpans{{Scope: scope(), Spans: spans}},
	}}}
}

// Span returns a server span whose ids hold seed.
func Span(seed uint64) *trace.Span {
	begin := start + seed*1_000_000
	return &trace.Span{
		TraceId: ID(16, seed), SpanId: ID(8, seed), ParentSpanId: ID(8, seed+1),
		Name: "GET /api/v1/orders/{id}", Kind: trace.Span_SPAN_KIND_SERVER, Flags: 0x101,
		StartTimeUnixNano: begin, EndTimeUnixNano: begin + 1_234_567,
		Attributes: []*common.KeyValue{
			str("http.request.method", "GET"),
			str("url.path", fmt.Sprintf("/api/v1/orders/%d", seed*7919)),
			str("url.scheme", "https"),
			str("http.route", "/api/v1/orders/{id}"),
			num("http.response.status_code", 200),
			str("network.protocol.version", "1.1"),
			str("server.address", "orders.shop.svc.cluster.local"),
			num("server.port", 8443),
			str("client.address", fmt.Sprintf("10.4.%d.%d", seed%256, seed%251)),
			str("user_agent.original", "okhttp/4.12.0"),
		},
		Status: &trace.Status{Code: trace.Status_STATUS_CODE_OK},
	}
}

// Logs returns a request of n log records.
func Logs(n int) *collogs.ExportLogsServiceRequest {
	records := make([]*logs.LogRecord, n)
	for i := range records {
		at := start + uint64(i)*1_000_000
		records[i] = &logs.LogRecord{
			TimeUnixNano: at, ObservedTimeUnixNano: at + 500,
			SeverityNumber: logs.SeverityNumber_SEVERITY_NUMBER_INFO, SeverityText: "INFO",
			Body:    text(fmt.Sprintf("order %d accepted from customer %d: 3 items, total 129.95 EUR", i*7919, i*31)),
			TraceId: ID(16, uint64(i+1)), SpanId: ID(8, uint64(i+1)), Flags: 1,
			Attributes: []*common.KeyValue{
				str("code.function.name", "shop.orders.Accept"), num("code.line.number", int64(120+i%40)),
				str("thread.name", fmt.Sprintf("worker-%d", i%16)), num("order.id", int64(i*7919)),
				str("customer.tier", "gold"), str("log.iostream", "stdout"),
			},
		}
	}
	return &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource: Resource(), ScopeLogs: []*logs.ScopeLogs{{Scope: scope(), LogRecords: records}},
	}}}
}

// Metrics returns a request of n data points: sums, gauges, histograms,
// exponential histograms and summaries in turn, five points to a metric.
func Metrics(n int) *colmetrics.ExportMetricsServiceRequest {
	var all []*metrics.Metric
	for i := 0; i < n; i += 5 {
		all = append(all, metric(i, min(5, n-i)))
	}
	return &colmetrics.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{
		Resource: Resource(), ScopeMetrics: []*metrics.ScopeMetrics{{Scope: scope(), Metrics: all}},
	}}}
}

func metric(i, points int) *metrics.Metric {
	m := &metrics.Metric{Name: fmt.Sprintf("http.server.request.duration.%d", i/5), Unit: "s", Description: "Duration of HTTP server requests."}
	cumulative := metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	var numbers []*metrics.NumberDataPoint
	var histograms []*metrics.HistogramDataPoint
	var exponentials []*metrics.ExponentialHistogramDataPoint
	var summaries []*metrics.SummaryDataPoint
	for p := range points {
		at := uint64(start + i*1_000_000)
		attrs := pointAttributes(i + p)
		numbers = append(numbers, &metrics.NumberDataPoint{
			Attributes: attrs, StartTimeUnixNano: start, TimeUnixNano: at, Value: &metrics.NumberDataPoint_AsInt{AsInt: int64(i * 17)},
		})
		histograms = append(histograms, &metrics.HistogramDataPoint{
			Attributes: attrs, StartTimeUnixNano: start, TimeUnixNano: at, Count: 42, Sum: new(12.75),
			Min: new(0.001), Max: new(2.5),
			BucketCounts: []uint64{0, 3, 9, 12, 10, 5, 2, 1, 0, 0, 0}, ExplicitBounds: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
			Exemplars: []*metrics.Exemplar{{
				TimeUnixNano: at, Value: &metrics.Exemplar_AsDouble{AsDouble: 0.31}, TraceId: ID(16, uint64(i+1)), SpanId: ID(8, uint64(i+1)),
			}},
		})
		exponentials = append(exponentials, &metrics.ExponentialHistogramDataPoint{
			Attributes: attrs, StartTimeUnixNano: start, TimeUnixNano: at, Count: 42, Sum: new(12.75), Scale: -3, ZeroCount: 2,
			Positive: &metrics.ExponentialHistogramDataPoint_Buckets{Offset: -4, BucketCounts: []uint64{1, 300, 7, 0, 90}},
		})
		summaries = append(summaries, &metrics.SummaryDataPoint{
			Attributes: attrs, StartTimeUnixNano: start, TimeUnixNano: at, Count: 42, Sum: 12.75,
			QuantileValues: []*metrics.SummaryDataPoint_ValueAtQuantile{{Quantile: 0.5, Value: 0.02}, {Quantile: 0.99, Value: 0.7}},
		})
	}
	switch (i / 5) % 5 {
	case 0:
		m.Data = &metrics.Metric_Sum{Sum: &metrics.Sum{DataPoints: numbers, IsMonotonic: true, AggregationTemporality: cumulative}}
	case 1:
		m.Data = &metrics.Metric_Gauge{Gauge: &metrics.Gauge{DataPoints: numbers}}
	case 2:
		m.Data = &metrics.Metric_Histogram{Histogram: &metrics.Histogram{DataPoints: histograms, AggregationTemporality: cumulative}}
	case 3:
		m.Data = &metrics.Metric_ExponentialHistogram{ExponentialHistogram: &metrics.ExponentialHistogram{DataPoints: exponentials, AggregationTemporality: cumulative}}
	default:
		m.Data = &metrics.Metric_Summary{Summary: &metrics.Summary{DataPoints: summaries}}
	}
	return m
}

func pointAttributes(i int) []*common.KeyValue {
	return []*common.KeyValue{
		str("http.request.method", "GET"), str("http.route", fmt.Sprintf("/api/v1/orders/%d", i)),
		num("http.response.status_code", 200), str("server.address", "orders.shop.svc.cluster.local"),
	}
}

// Resource returns a resource with the attributes of a service on Kubernetes.
func Resource() *resource.Resource {
	return &resource.Resource{Attributes: []*common.KeyValue{
		str("service.name", "orders"), str("service.version", "2.14.3"), str("service.instance.id", "6f1b1c2e-7d0a-4f0e-9a55-0f6c3b1f9d11"),
		str("k8s.namespace.name", "shop"), str("k8s.pod.name", "orders-7c9d8f6b5-x2x4q"), str("telemetry.sdk.language", "go"),
	}}
}

func scope() *common.InstrumentationScope {
	return &common.InstrumentationScope{Name: "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", Version: "0.64.0"}
}

// ID returns an identifier of n bytes (8 or 16) that ends in seed.
func ID(n int, seed uint64) []byte {
	id := make([]byte, n)
	id[0] = 0x5b
	binary.BigEndian.PutUint64(id[n-8:], seed|0x5b<<56)
	return id
}

// Encode returns the wire encoding of m. It panics on a message that cannot be
// encoded, which would be a mistake in the test.
func Encode(m proto.Message) []byte {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

func str(key, value string) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: text(value)}
}

func num(key string, value int64) *common.KeyValue {
	return &common.KeyValue{Key: key, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: value}}}
}

func text(value string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}
}
