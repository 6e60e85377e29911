package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
)

// call is a request that a backend received.
type call struct {
	request  proto.Message
	encoded  []byte // after decompression
	sent     []byte // as it came
	encoding compression.Algorithm
	metadata metadata.MD
	from     string
}

// backend serves the official OTLP services and answers as scripted.
type backend struct {
	listener net.Listener
	server   *grpc.Server

	mu    sync.Mutex
	calls []call
	raw   map[any]call
	// answer decides the n-th call, from 1 on; nil accepts everything. The
	// response may be nil for full success.
	answer func(ctx context.Context, n int, c *call) (proto.Message, error)
}

// start serves on a connection in memory, which works in a synctest bubble.
func start(t testing.TB, answer func(ctx context.Context, n int, c *call) (proto.Message, error)) *backend {
	t.Helper()
	return startOn(t, bufconn.Listen(256<<10), answer)
}

// startTCP serves on a port of the loopback interface.
func startTCP(t testing.TB, answer func(ctx context.Context, n int, c *call) (proto.Message, error), options ...grpc.ServerOption) *backend {
	t.Helper()
	return startOn(t, listen(t), answer, options...)
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func startOn(t testing.TB, listener net.Listener, answer func(ctx context.Context, n int, c *call) (proto.Message, error), options ...grpc.ServerOption) *backend {
	t.Helper()
	grpcraw.Register()
	b := &backend{listener: listener, raw: map[any]call{}, answer: answer}
	b.server = grpc.NewServer(append(options, grpc.ForceServerCodecV2(officialCodec{b}))...)
	coltrace.RegisterTraceServiceServer(b.server, traces{b: b})
	colmetrics.RegisterMetricsServiceServer(b.server, metrics{b: b})
	collogs.RegisterLogsServiceServer(b.server, logs{b: b})
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = b.server.Serve(listener)
	}()
	t.Cleanup(func() {
		b.server.Stop()
		<-served
	})
	return b
}

// dialer is a listener in memory.
type dialer interface {
	DialContext(ctx context.Context) (net.Conn, error)
}

// config returns the configuration of an exporter that sends to b in plain text.
func (b *backend) config() Config {
	cfg := DefaultConfig()
	cfg.Endpoint = b.listener.Addr().String()
	if _, inMemory := b.listener.(dialer); inMemory {
		cfg.Endpoint = "passthrough:///backend.test:4317"
	}
	cfg.TLS.Insecure = true
	return cfg
}

// exporter returns an exporter to b and the pool that it uses.
func (b *backend) exporter(t testing.TB, cfg Config) (*Exporter, *buftest.Pool) {
	t.Helper()
	pool := new(buftest.Pool)
	var further []grpc.DialOption
	if inMemory, ok := b.listener.(dialer); ok {
		further = append(further, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return inMemory.DialContext(ctx)
		}))
	}
	e, err := newExporter(cfg, pool, slog.New(slog.DiscardHandler), further...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.WithoutCancel(t.Context())) })
	return e, pool
}

func (b *backend) received() []call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]call(nil), b.calls...)
}

func (b *backend) handle(ctx context.Context, request proto.Message) (proto.Message, error) {
	b.mu.Lock()
	c := b.raw[request]
	delete(b.raw, request)
	c.request = request
	c.metadata, _ = metadata.FromIncomingContext(ctx)
	if p, ok := peer.FromContext(ctx); ok {
		c.from = p.Addr.String()
	}
	b.calls = append(b.calls, c)
	n, answer := len(b.calls), b.answer
	b.mu.Unlock()
	if answer == nil {
		return nil, nil //nolint:nilnil // full success
	}
	return answer(ctx, n, &c)
}

type traces struct {
	coltrace.UnimplementedTraceServiceServer
	b *backend
}

func (s traces) Export(ctx context.Context, r *coltrace.ExportTraceServiceRequest) (*coltrace.ExportTraceServiceResponse, error) {
	response, err := s.b.handle(ctx, r)
	if response == nil {
		return new(coltrace.ExportTraceServiceResponse), err
	}
	return response.(*coltrace.ExportTraceServiceResponse), err
}

type metrics struct {
	colmetrics.UnimplementedMetricsServiceServer
	b *backend
}

func (s metrics) Export(ctx context.Context, r *colmetrics.ExportMetricsServiceRequest) (*colmetrics.ExportMetricsServiceResponse, error) {
	response, err := s.b.handle(ctx, r)
	if response == nil {
		return new(colmetrics.ExportMetricsServiceResponse), err
	}
	return response.(*colmetrics.ExportMetricsServiceResponse), err
}

type logs struct {
	collogs.UnimplementedLogsServiceServer
	b *backend
}

func (s logs) Export(ctx context.Context, r *collogs.ExportLogsServiceRequest) (*collogs.ExportLogsServiceResponse, error) {
	response, err := s.b.handle(ctx, r)
	if response == nil {
		return new(collogs.ExportLogsServiceResponse), err
	}
	return response.(*collogs.ExportLogsServiceResponse), err
}

// officialCodec decodes as gRPC's own codec does, and keeps the bytes. The
// process's compressors leave inflating to the codec.
type officialCodec struct{ b *backend }

func (officialCodec) Name() string { return "proto" }

func (officialCodec) Marshal(v any) (mem.BufferSlice, error) {
	encoded, err := proto.Marshal(v.(proto.Message))
	return mem.BufferSlice{mem.SliceBuffer(encoded)}, err
}

func (c officialCodec) Unmarshal(data mem.BufferSlice, v any) error {
	var m grpcraw.Message
	if err := (grpcraw.Codec{}).Unmarshal(data, &m); err != nil {
		return err
	}
	defer m.Free()
	received := call{sent: m.Data.Materialize(), encoding: m.Compression}
	var err error
	switch m.Compression {
	case compression.Gzip:
		received.encoded, err = gunzip(received.sent)
	case compression.Zstd:
		received.encoded, err = unzstd(received.sent)
	default:
		received.encoded = received.sent
	}
	if err != nil {
		return err
	}
	c.b.mu.Lock()
	c.b.raw[v] = received
	c.b.mu.Unlock()
	return proto.Unmarshal(received.encoded, v.(proto.Message))
}

func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func unzstd(b []byte) ([]byte, error) {
	z, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.DecodeAll(b, nil)
}
