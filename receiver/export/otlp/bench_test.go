package otlp

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// discard serves OTLP as cheaply as it can be done.
func discard(b *testing.B) string {
	b.Helper()
	grpcraw.Register()
	pool := new(pipeline.Pool)
	server := grpc.NewServer(grpc.ForceServerCodecV2(grpcraw.Codec{}), experimental.BufferPool(pool), grpc.MaxRecvMsgSize(64<<20),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			var request grpcraw.Message
			if err := stream.RecvMsg(&request); err != nil && err != io.EOF { //nolint:errorlint // gRPC returns it bare
				return err
			}
			request.Free()
			return stream.SendMsg(&grpcraw.Message{})
		}))
	listener := listen(b)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	b.Cleanup(func() {
		server.Stop()
		<-served
	})
	return listener.Addr().String()
}

// BenchmarkExport sends batches of 1,000 spans (490 KB) in ten parts, as the
// batching of a Destination makes them, to a server in the same process.
func BenchmarkExport(b *testing.B) {
	encoded := otlptest.Encode(otlptest.Traces(100))
	member := exporttest.Gzip(b, encoded)
	var plain, members, lone *pipeline.Batch
	{
		data, gzip := pipeline.Part{Data: mem.SliceBuffer(encoded)}, pipeline.Part{Gzip: mem.SliceBuffer(member)}
		plain, members = exporttest.Batch(wire.Traces, 1000), exporttest.Batch(wire.Traces, 1000)
		for range 10 {
			plain.Parts, members.Parts = append(plain.Parts, data), append(members.Parts, gzip)
		}
		lone = exporttest.Batch(wire.Traces, 100, pipeline.Part{Data: data.Data, Gzip: gzip.Gzip})
	}
	f := func(name, compression string, multi bool, batch *pipeline.Batch) {
		b.Run(name, func(b *testing.B) {
			cfg := DefaultConfig()
			cfg.Endpoint, cfg.Compression, cfg.GzipMultiMember, cfg.TLS.Insecure = discard(b), compression, multi, true
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
	f("none", "none", false, plain)
	f("gzip", "gzip", false, plain)
	f("zstd", "zstd", false, plain)
	f("gzip lone member", "gzip", false, lone)
	f("gzip members", "gzip", true, members)
}
