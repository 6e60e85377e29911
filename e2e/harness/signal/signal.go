// Package signal names OTLP's signals for test code: their paths, methods, messages and what counts as an item.
package signal

import (
	"fmt"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Signal is one of OTLP's stable signals.
type Signal int

// The signals.
const (
	Traces Signal = iota
	Metrics
	Logs
)

// All returns every signal.
func All() []Signal { return []Signal{Traces, Metrics, Logs} }

// Protocol is one of OTLP's ways to carry a request.
type Protocol string

// The protocols.
const (
	GRPC         Protocol = "grpc"
	HTTPProtobuf Protocol = "http/protobuf"
	HTTPJSON     Protocol = "http/json"
)

// Protocols returns every protocol.
func Protocols() []Protocol { return []Protocol{GRPC, HTTPProtobuf, HTTPJSON} }

// String returns the name that configurations use: traces, metrics, logs.
func (s Signal) String() string {
	switch s {
	case Traces:
		return "traces"
	case Metrics:
		return "metrics"
	case Logs:
		return "logs"
	}
	return fmt.Sprintf("signal(%d)", int(s))
}

// Parse is the inverse of String.
func Parse(name string) (Signal, error) {
	for _, s := range All() {
		if s.String() == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("unknown signal %q: want traces, metrics or logs", name)
}

// Path returns the default path of OTLP/HTTP.
func (s Signal) Path() string { return "/v1/" + s.String() }

// Method returns the full name of the gRPC method.
func (s Signal) Method() string {
	switch s {
	case Metrics:
		return colmetrics.MetricsService_Export_FullMethodName
	case Logs:
		return collogs.LogsService_Export_FullMethodName
	default:
		return coltrace.TraceService_Export_FullMethodName
	}
}

// NewRequest returns an empty export request.
func (s Signal) NewRequest() proto.Message {
	switch s {
	case Metrics:
		return &colmetrics.ExportMetricsServiceRequest{}
	case Logs:
		return &collogs.ExportLogsServiceRequest{}
	default:
		return &coltrace.ExportTraceServiceRequest{}
	}
}

// NewResponse returns a response; partial_success is unset when rejected is 0 and message is empty.
func (s Signal) NewResponse(rejected int64, message string) proto.Message {
	if rejected != 0 || message != "" {
		return s.NewPartial(rejected, message)
	}
	switch s {
	case Metrics:
		return &colmetrics.ExportMetricsServiceResponse{}
	case Logs:
		return &collogs.ExportLogsServiceResponse{}
	default:
		return &coltrace.ExportTraceServiceResponse{}
	}
}

// NewPartial returns a response in which partial_success is set, whatever it says.
func (s Signal) NewPartial(rejected int64, message string) proto.Message {
	switch s {
	case Metrics:
		return &colmetrics.ExportMetricsServiceResponse{PartialSuccess: &colmetrics.ExportMetricsPartialSuccess{
			RejectedDataPoints: rejected, ErrorMessage: message,
		}}
	case Logs:
		return &collogs.ExportLogsServiceResponse{PartialSuccess: &collogs.ExportLogsPartialSuccess{
			RejectedLogRecords: rejected, ErrorMessage: message,
		}}
	default:
		return &coltrace.ExportTraceServiceResponse{PartialSuccess: &coltrace.ExportTracePartialSuccess{
			RejectedSpans: rejected, ErrorMessage: message,
		}}
	}
}

// Rejected returns what a response says about items that were not taken.
func Rejected(response proto.Message) (items int64, message string) {
	switch r := response.(type) {
	case *coltrace.ExportTraceServiceResponse:
		return r.GetPartialSuccess().GetRejectedSpans(), r.GetPartialSuccess().GetErrorMessage()
	case *colmetrics.ExportMetricsServiceResponse:
		return r.GetPartialSuccess().GetRejectedDataPoints(), r.GetPartialSuccess().GetErrorMessage()
	case *collogs.ExportLogsServiceResponse:
		return r.GetPartialSuccess().GetRejectedLogRecords(), r.GetPartialSuccess().GetErrorMessage()
	}
	return 0, ""
}
