package signal

import (
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Items counts what partial success counts: spans, data points, log records.
func Items(request proto.Message) int {
	n := 0
	switch r := request.(type) {
	case *coltrace.ExportTraceServiceRequest:
		EachSpan(r, func(*trace.Span) { n++ })
	case *colmetrics.ExportMetricsServiceRequest:
		EachMetric(r, func(m *metrics.Metric) { n += points(m) })
	case *collogs.ExportLogsServiceRequest:
		EachLog(r, func(*logs.LogRecord) { n++ })
	}
	return n
}

// EachSpan calls f for every span of a request, in order.
func EachSpan(r *coltrace.ExportTraceServiceRequest, f func(*trace.Span)) {
	for _, resource := range r.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				f(span)
			}
		}
	}
}

// EachMetric calls f for every metric of a request, in order.
func EachMetric(r *colmetrics.ExportMetricsServiceRequest, f func(*metrics.Metric)) {
	for _, resource := range r.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				f(metric)
			}
		}
	}
}

// EachLog calls f for every log record of a request, in order.
func EachLog(r *collogs.ExportLogsServiceRequest, f func(*logs.LogRecord)) {
	for _, resource := range r.GetResourceLogs() {
		for _, scope := range resource.GetScopeLogs() {
			for _, record := range scope.GetLogRecords() {
				f(record)
			}
		}
	}
}

// points counts a metric's data points: only the one kind of data that it has is not empty.
func points(m *metrics.Metric) int {
	return len(m.GetGauge().GetDataPoints()) + len(m.GetSum().GetDataPoints()) +
		len(m.GetHistogram().GetDataPoints()) + len(m.GetExponentialHistogram().GetDataPoints()) +
		len(m.GetSummary().GetDataPoints())
}
