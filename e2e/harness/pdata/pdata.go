// Package pdata wraps the OpenTelemetry Collector's data model, an independent codec for protobuf and for OTLP/JSON,
// whose hexadecimal ids protojson does not know.
package pdata

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// Request is what pdata's three export requests have in common.
type Request interface {
	MarshalProto() ([]byte, error)
	UnmarshalProto(data []byte) error
	MarshalJSON() ([]byte, error)
	UnmarshalJSON(data []byte) error
}

// NewRequest returns an empty request.
func NewRequest(sig signal.Signal) Request {
	switch sig {
	case signal.Metrics:
		return pmetricotlp.NewExportRequest()
	case signal.Logs:
		return plogotlp.NewExportRequest()
	default:
		return ptraceotlp.NewExportRequest()
	}
}

// Items counts spans, data points or log records with pdata's own counters.
func Items(r Request) int {
	switch r := r.(type) {
	case pmetricotlp.ExportRequest:
		return r.Metrics().DataPointCount()
	case plogotlp.ExportRequest:
		return r.Logs().LogRecordCount()
	case ptraceotlp.ExportRequest:
		return r.Traces().SpanCount()
	}
	return 0
}

// JSONToWire converts OTLP/JSON to protobuf.
func JSONToWire(sig signal.Signal, text []byte) ([]byte, error) {
	r := NewRequest(sig)
	if err := r.UnmarshalJSON(text); err != nil {
		return nil, fmt.Errorf("pdata: %w", err)
	}
	return r.MarshalProto()
}

// WireToJSON converts protobuf to OTLP/JSON. Fields that pdata does not know are lost.
func WireToJSON(sig signal.Signal, encoded []byte) ([]byte, error) {
	r := NewRequest(sig)
	if err := r.UnmarshalProto(encoded); err != nil {
		return nil, fmt.Errorf("pdata: %w", err)
	}
	return r.MarshalJSON()
}
