package e2e_test

import (
	"errors"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

func TestSDKMetrics(t *testing.T) {
	throughAndAround(t, signal.Metrics, func(t *testing.T, w way, addr string, direct *sink.Sink) {
		reader := sdkmetric.NewManualReader()
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(testResource()),
			sdkmetric.WithView(sdkmetric.NewView(sdkmetric.Instrument{Name: "exponential"},
				sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})))
		t.Cleanup(func() { _ = provider.Shutdown(t.Context()) })
		recordMetrics(t, provider.Meter("e2e", metric.WithInstrumentationVersion("1.2.3")))
		var data metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &data); err != nil {
			t.Fatal(err)
		}
		for _, e := range []sdkmetric.Exporter{metricExporter(t, w, addr), metricExporter(t, way{grpc: true}, direct.GRPC())} {
			if err := e.Export(t.Context(), &data); err != nil {
				t.Fatal(err)
			}
			if err := e.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func recordMetrics(t *testing.T, meter metric.Meter) {
	t.Helper()
	counter, err1 := meter.Int64Counter("counter", metric.WithUnit("{request}"), metric.WithDescription("requests"))
	gauge, err2 := meter.Float64Gauge("gauge")
	histogram, err3 := meter.Float64Histogram("histogram", metric.WithUnit("s"))
	exponential, err4 := meter.Int64Histogram("exponential")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		set := metric.WithAttributes(attribute.Int("series", i%20), attribute.String("route", "/ü"))
		counter.Add(t.Context(), int64(i), set)
		gauge.Record(t.Context(), float64(i)/3, set)
		histogram.Record(t.Context(), float64(i)/100, set)
		exponential.Record(t.Context(), int64(i*i), set)
	}
}

func metricExporter(t *testing.T, w way, addr string) sdkmetric.Exporter {
	t.Helper()
	var e sdkmetric.Exporter
	var err error
	switch {
	case w.grpc && w.gzip:
		e, err = otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithEndpoint(addr), otlpmetricgrpc.WithInsecure(), otlpmetricgrpc.WithCompressor("gzip"))
	case w.grpc:
		e, err = otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithEndpoint(addr), otlpmetricgrpc.WithInsecure())
	case w.gzip:
		e, err = otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpoint(addr), otlpmetrichttp.WithInsecure(), otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
	default:
		e, err = otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpoint(addr), otlpmetrichttp.WithInsecure())
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}
