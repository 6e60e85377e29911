// Package payload makes the telemetry that the benchmark sends: deterministic, varied, and shaped like the batches
// of an instrumented web service. It encodes with the Collector's pdata, so that one source gives protobuf and JSON.
package payload

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// Shape selects a payload.
type Shape struct {
	Signal signal.Signal
	Items  int  // spans, data points or log records in each request
	JSON   bool // OTLP/JSON instead of protobuf
	Gzip   bool

	// Trace is how many spans make a trace: a root, and others somewhere below it. With zero no span knows of another.
	Trace int
	// Window is the time in which all items of the set begin; zero is a day.
	Window time.Duration
}

// Encode returns n different bodies of a shape; the same arguments give the same bytes.
func Encode(shape Shape, n int) ([][]byte, error) {
	bodies := make([][]byte, n)
	for i := range bodies {
		body, err := encode(shape, source{rand.New(rand.NewPCG(uint64(i), 1)), shape})
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", shape.Signal, err)
		}
		if shape.Gzip {
			if body, err = compress(body); err != nil {
				return nil, err
			}
		}
		bodies[i] = body
	}
	return bodies, nil
}

func encode(shape Shape, src source) ([]byte, error) {
	var request interface {
		MarshalProto() ([]byte, error)
		MarshalJSON() ([]byte, error)
	}
	switch shape.Signal {
	case signal.Metrics:
		request = pmetricotlp.NewExportRequestFromMetrics(src.metrics(shape.Items))
	case signal.Logs:
		request = plogotlp.NewExportRequestFromLogs(src.logs(shape.Items))
	default:
		request = ptraceotlp.NewExportRequestFromTraces(src.traces(shape.Items))
	}
	if shape.JSON {
		return request.MarshalJSON()
	}
	return request.MarshalProto()
}

// compress uses the standard library's default level, as SDKs do.
func compress(body []byte) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(body); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return out.Bytes(), nil
}

// source draws values from a seeded generator.
type source struct {
	*rand.Rand

	shape Shape
}

func (s source) pick(from ...string) string { return from[s.IntN(len(from))] }

func (s source) hex(digits int) string {
	return fmt.Sprintf("%016x%016x", s.Uint64(), s.Uint64())[:digits]
}

func (s source) traceID() (id pcommon.TraceID) {
	s.fill(id[:])
	return id
}

func (s source) spanID() (id pcommon.SpanID) {
	s.fill(id[:])
	return id
}

func (s source) fill(b []byte) {
	for i := range b {
		b[i] = byte(1 + s.IntN(255))
	}
}

func (s source) address() string {
	return fmt.Sprintf("10.%d.%d.%d", s.IntN(256), s.IntN(256), 1+s.IntN(254))
}

func (s source) route() string {
	return s.pick("/api/v1/orders/{id}", "/api/v1/customers/{id}/cart", "/checkout", "/api/v2/search", "/healthz", "/static/{file}")
}

// when returns a moment of the window, which always begins at the same time.
func (s source) when() pcommon.Timestamp {
	const begin = 1_750_000_000_000_000_000
	window := cmp.Or(s.shape.Window, 24*time.Hour)
	return pcommon.Timestamp(begin + s.Uint64N(uint64(window)))
}

func (s source) resource(r pcommon.Resource) {
	a := r.Attributes()
	service := s.pick("checkout", "storefront", "inventory", "payments-gateway")
	a.PutStr("service.name", service)
	a.PutStr("service.namespace", "shop")
	a.PutStr("service.version", fmt.Sprintf("2.%d.%d", s.IntN(20), s.IntN(10)))
	a.PutStr("service.instance.id", s.hex(32))
	a.PutStr("k8s.namespace.name", "production")
	a.PutStr("k8s.pod.name", service+"-"+s.hex(10)+"-"+s.hex(5))
	a.PutStr("k8s.node.name", "node-"+s.hex(8)+".eu-central-1.internal")
	a.PutStr("telemetry.sdk.language", "go")
	a.PutStr("telemetry.sdk.name", "opentelemetry")
	a.PutStr("telemetry.sdk.version", "1.47.0")
}
