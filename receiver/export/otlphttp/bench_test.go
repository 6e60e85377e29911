package otlphttp

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// BenchmarkExport sends batches of 1,000 spans (490 KB) in ten parts, as the
// batching of a Destination makes them, to a server in the same process.
func BenchmarkExport(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	encoded := otlptest.Encode(otlptest.Traces(100))
	member := exporttest.Gzip(b, encoded)
	data, gzip := pipeline.Part{Data: mem.SliceBuffer(encoded)}, pipeline.Part{Gzip: mem.SliceBuffer(member)}
	plain, members := exporttest.Batch(wire.Traces, 1000), exporttest.Batch(wire.Traces, 1000)
	for range 10 {
		plain.Parts, members.Parts = append(plain.Parts, data), append(members.Parts, gzip)
	}
	lone := exporttest.Batch(wire.Traces, 100, pipeline.Part{Data: data.Data, Gzip: gzip.Gzip})
	f := func(name, compression, encoding string, multi bool, batch *pipeline.Batch) {
		b.Run(name, func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.Endpoint, cfg.Compression, cfg.Encoding, cfg.GzipMultiMember = server.URL, compression, encoding, multi
			e, err := New(cfg, new(pipeline.Pool), slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = e.Close(context.WithoutCancel(b.Context())) }()
			b.SetBytes(int64(batch.Items * len(encoded) / 100))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Export(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(batch.Items), "ns/span")
		})
	}
	f("none", "none", "proto", false, plain)
	f("gzip", "gzip", "proto", false, plain)
	f("zstd", "zstd", "proto", false, plain)
	f("gzip lone member", "gzip", "proto", false, lone)
	f("gzip members", "gzip", "proto", true, members)
	f("json", "none", "json", false, plain)
}
