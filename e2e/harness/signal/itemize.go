package signal

import (
	"fmt"
	"slices"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Itemize takes requests apart and returns every span, metric or log record together with its resource and scope, in
// a canonical encoding and order: two lists are equal when the same telemetry is in them, however it was batched.
func Itemize(requests ...proto.Message) ([]string, error) {
	var out []string
	var fault error
	add := func(one proto.Message) {
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(one)
		if err != nil && fault == nil {
			fault = fmt.Errorf("itemize: %w", err)
		}
		out = append(out, string(b))
	}
	for _, request := range requests {
		switch r := request.(type) {
		case *coltrace.ExportTraceServiceRequest:
			itemizeTraces(r, add)
		case *colmetrics.ExportMetricsServiceRequest:
			itemizeMetrics(r, add)
		case *collogs.ExportLogsServiceRequest:
			itemizeLogs(r, add)
		default:
			return nil, fmt.Errorf("itemize: not an export request: %T", request)
		}
	}
	slices.Sort(out)
	return out, fault
}

func itemizeTraces(r *coltrace.ExportTraceServiceRequest, add func(proto.Message)) {
	for _, resource := range r.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				add(&trace.ResourceSpans{
					Resource: resource.GetResource(), SchemaUrl: resource.GetSchemaUrl(),
					ScopeSpans: []*trace.ScopeSpans{{
						Scope: scope.GetScope(), SchemaUrl: scope.GetSchemaUrl(), Spans: []*trace.Span{span},
					}},
				})
			}
		}
	}
}

func itemizeMetrics(r *colmetrics.ExportMetricsServiceRequest, add func(proto.Message)) {
	for _, resource := range r.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				if points(metric) == 0 {
					continue // nothing to deliver
				}
				add(&metrics.ResourceMetrics{
					Resource: resource.GetResource(), SchemaUrl: resource.GetSchemaUrl(),
					ScopeMetrics: []*metrics.ScopeMetrics{{
						Scope: scope.GetScope(), SchemaUrl: scope.GetSchemaUrl(), Metrics: []*metrics.Metric{metric},
					}},
				})
			}
		}
	}
}

func itemizeLogs(r *collogs.ExportLogsServiceRequest, add func(proto.Message)) {
	for _, resource := range r.GetResourceLogs() {
		for _, scope := range resource.GetScopeLogs() {
			for _, record := range scope.GetLogRecords() {
				add(&logs.ResourceLogs{
					Resource: resource.GetResource(), SchemaUrl: resource.GetSchemaUrl(),
					ScopeLogs: []*logs.ScopeLogs{{
						Scope: scope.GetScope(), SchemaUrl: scope.GetSchemaUrl(), LogRecords: []*logs.LogRecord{record},
					}},
				})
			}
		}
	}
}
