// Package differential holds otlpctl's own codecs against the OpenTelemetry Collector's pdata, an independent
// implementation that real backends use: what one writes the other must read, with the same meaning.
package differential

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// request is what pdata's three request types have in common.
type request interface {
	MarshalProto() ([]byte, error)
	UnmarshalProto(data []byte) error
	MarshalJSON() ([]byte, error)
	UnmarshalJSON(data []byte) error
}

func newRequest(sig signal.Signal) request {
	switch sig {
	case signal.Metrics:
		return pmetricotlp.NewExportRequest()
	case signal.Logs:
		return plogotlp.NewExportRequest()
	default:
		return ptraceotlp.NewExportRequest()
	}
}

// items counts with pdata's own counters.
func items(r request) int {
	switch r := r.(type) {
	case pmetricotlp.ExportRequest:
		return r.Metrics().DataPointCount()
	case plogotlp.ExportRequest:
		return r.Logs().LogRecordCount()
	case ptraceotlp.ExportRequest:
		return r.Traces().SpanCount()
	}
	return -1
}

// own maps the harness's names of signals to the product's.
func own(sig signal.Signal) wire.Signal {
	s, ok := wire.ParseSignal(sig.String())
	if !ok {
		panic("no such signal: " + sig.String())
	}
	return s
}

// decode reads an encoded request with the official generated types.
func decode(sig signal.Signal, encoded []byte) (proto.Message, error) {
	m := sig.NewRequest()
	if err := proto.Unmarshal(encoded, m); err != nil {
		return nil, fmt.Errorf("official decoder: %w", err)
	}
	return m, nil
}
