package e2e_test

import (
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func TestSDKLogs(t *testing.T) {
	throughAndAround(t, signal.Logs, func(t *testing.T, w way, addr string, direct *sink.Sink) {
		provider := sdklog.NewLoggerProvider(
			sdklog.WithProcessor(sdklog.NewBatchProcessor(logExporter(t, w, addr))),
			sdklog.WithProcessor(sdklog.NewBatchProcessor(logExporter(t, way{grpc: true}, direct.GRPC()))),
			sdklog.WithResource(testResource()),
		)
		logger := provider.Logger("e2e", log.WithInstrumentationVersion("1.2.3"))
		for i := range 1000 {
			var r log.Record
			r.SetTimestamp(time.Unix(1_750_000_000, int64(i)))
			r.SetObservedTimestamp(time.Unix(1_750_000_001, int64(i)))
			r.SetSeverity(log.SeverityWarn)
			r.SetEventName("event")
			r.SetSeverityText("WARN")
			r.SetBody(attribute.MapValue(
				attribute.String("message", "hé\x00llo"),
				attribute.Slice("list", attribute.IntValue(i), attribute.ByteSliceValue([]byte{0, 255})),
			))
			r.AddAttributes(attribute.Float64("f", 1.5), attribute.Bool("b", true))
			logger.Emit(t.Context(), r)
		}
		if err := provider.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func logExporter(t *testing.T, w way, addr string) sdklog.Exporter {
	t.Helper()
	var e sdklog.Exporter
	var err error
	switch {
	case w.grpc && w.gzip:
		e, err = otlploggrpc.New(t.Context(), otlploggrpc.WithEndpoint(addr), otlploggrpc.WithInsecure(), otlploggrpc.WithCompressor("gzip"))
	case w.grpc:
		e, err = otlploggrpc.New(t.Context(), otlploggrpc.WithEndpoint(addr), otlploggrpc.WithInsecure())
	case w.gzip:
		e, err = otlploghttp.New(t.Context(), otlploghttp.WithEndpoint(addr), otlploghttp.WithInsecure(), otlploghttp.WithCompression(otlploghttp.GzipCompression))
	default:
		e, err = otlploghttp.New(t.Context(), otlploghttp.WithEndpoint(addr), otlploghttp.WithInsecure())
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}
