package e2e_test

import (
	"errors"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func TestSDKTraces(t *testing.T) {
	throughAndAround(t, signal.Traces, func(t *testing.T, w way, addr string, direct *sink.Sink) {
		provider := sdktrace.NewTracerProvider(
			sdktrace.WithBatcher(traceExporter(t, w, addr)),
			sdktrace.WithBatcher(traceExporter(t, way{grpc: true}, direct.GRPC())),
			sdktrace.WithResource(testResource()),
		)
		tracer := provider.Tracer("e2e", trace.WithInstrumentationVersion("1.2.3"), trace.WithSchemaURL("https://example.com/schema"))
		for i := range 700 {
			ctx, parent := tracer.Start(t.Context(), "parent", trace.WithSpanKind(trace.SpanKindServer))
			_, child := tracer.Start(ctx, "child", trace.WithAttributes(attribute.Int("i", i), attribute.StringSlice("s", []string{"a", "ü"})))
			child.AddEvent("event", trace.WithAttributes(attribute.Float64("f", 0.5)))
			child.RecordError(errors.New("an error"))
			child.SetStatus(codes.Error, "broken")
			child.AddLink(trace.Link{SpanContext: parent.SpanContext()})
			child.End()
			parent.End()
		}
		if err := provider.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func traceExporter(t *testing.T, w way, addr string) sdktrace.SpanExporter {
	t.Helper()
	var e sdktrace.SpanExporter
	var err error
	switch {
	case w.grpc && w.gzip:
		e, err = otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(addr), otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip"))
	case w.grpc:
		e, err = otlptracegrpc.New(t.Context(), otlptracegrpc.WithEndpoint(addr), otlptracegrpc.WithInsecure())
	case w.gzip:
		e, err = otlptracehttp.New(t.Context(), otlptracehttp.WithEndpoint(addr), otlptracehttp.WithInsecure(), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	default:
		e, err = otlptracehttp.New(t.Context(), otlptracehttp.WithEndpoint(addr), otlptracehttp.WithInsecure())
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}
