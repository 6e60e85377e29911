package e2e_test

import (
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// The Collector sends to otlpctl with every setting of its two exporters.
func TestCollectorAsClient(t *testing.T) {
	f := func(name, kind string, settings ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			behind := sink.Run(t)
			s := serve(t, forwarding(toSink(behind.GRPC()), "otlp"))
			endpoint := s.grpc
			if kind == "otlphttp" {
				endpoint = "http://" + s.http
			}
			first := collect(t, forwarding(exporter(kind, endpoint, settings...), kind))
			wantContent(t, behind, first.client(t, signal.GRPC, "gzip"))
		})
	}
	f("grpc", "otlp", "compression: none")
	f("grpc gzip", "otlp", "compression: gzip")
	f("grpc zstd", "otlp", "compression: zstd")
	f("http", "otlphttp", "compression: none")
	f("http gzip", "otlphttp", "compression: gzip")
	f("http zstd", "otlphttp", "compression: zstd")
	f("json", "otlphttp", "compression: none", "encoding: json")
	f("json gzip", "otlphttp", "compression: gzip", "encoding: json")
	f("json zstd", "otlphttp", "compression: zstd", "encoding: json")
}

// otlpctl sends to the Collector, which reads all of it.
func TestCollectorAsBackend(t *testing.T) {
	f := func(name, kind string, settings ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			behind := sink.Run(t)
			backend := collect(t, forwarding(toSink(behind.GRPC()), "otlp"))
			endpoint := backend.grpc
			if kind == "otlphttp" {
				endpoint = "http://" + backend.http
			}
			first := serve(t, forwarding(exporter(kind, endpoint, settings...), kind))
			wantContent(t, behind, first.client(t, signal.GRPC, "gzip"))
		})
	}
	f("grpc", "otlp", "compression: none")
	f("grpc gzip", "otlp", "compression: gzip")
	f("grpc gzip members", "otlp", "compression: gzip", "gzip_multi_member: true")
	f("grpc zstd", "otlp", "compression: zstd")
	f("http", "otlphttp", "compression: none")
	f("http gzip", "otlphttp", "compression: gzip")
	f("http zstd", "otlphttp", "compression: zstd")
	f("json gzip", "otlphttp", "compression: gzip", "encoding: json")
}
