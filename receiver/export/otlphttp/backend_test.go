package otlphttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/test/bufconn"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// call is a request that a backend received.
type call struct {
	path    string
	host    string
	proto   string
	from    string
	header  http.Header
	sent    []byte // as it came
	decoded []byte // after decompression
}

// answer decides what a backend says to its n-th request, from 1 on. Doing
// nothing is full success.
type answer func(w http.ResponseWriter, n int, c *call)

// backend is an HTTP server that keeps what it is sent.
type backend struct {
	t      testing.TB
	url    string
	dial   func(ctx context.Context, network, address string) (net.Conn, error) // nil: as usual
	answer answer

	working sync.WaitGroup // calls under way

	mu    sync.Mutex
	calls []call
}

// start serves on a connection in memory, which works in a synctest bubble.
func start(t testing.TB, a answer) *backend {
	t.Helper()
	listener := bufconn.Listen(256 << 10)
	b := &backend{t: t, answer: a, url: "http://backend.test:4318"}
	b.dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	server := &http.Server{Handler: b, ErrorLog: log.New(io.Discard, "", 0)} //nolint:gosec // G112: the client is ours
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
		b.working.Wait()
	})
	return b
}

// startTCP serves on the loopback interface, as the caller starts it.
func startTCP(t testing.TB, a answer, start func(*httptest.Server)) (*backend, *httptest.Server) {
	t.Helper()
	b := &backend{t: t, answer: a}
	server := httptest.NewUnstartedServer(b)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(server)
	b.url = server.URL
	t.Cleanup(server.Close)
	return b, server
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.working.Add(1)
	defer b.working.Done()
	c := call{path: r.URL.Path, host: r.Host, proto: r.Proto, from: r.RemoteAddr, header: r.Header}
	var err error
	if c.sent, err = io.ReadAll(r.Body); err == nil {
		c.decoded, err = inflate(r.Header.Get("Content-Encoding"), c.sent)
	}
	if err != nil || r.Method != http.MethodPost || r.ContentLength != int64(len(c.sent)) {
		w.WriteHeader(http.StatusTeapot) // never retried: the test fails
		return
	}
	b.mu.Lock()
	b.calls = append(b.calls, c)
	n := len(b.calls)
	b.mu.Unlock()
	if b.answer != nil {
		b.answer(w, n, &c)
	}
}

func inflate(coding string, b []byte) ([]byte, error) {
	switch coding {
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	case "zstd":
		z, err := zstd.NewReader(nil)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return z.DecodeAll(b, nil)
	}
	return b, nil
}

func (b *backend) received() []call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]call(nil), b.calls...)
}

// config returns the configuration of an exporter that sends to b.
func (b *backend) config() Config {
	cfg := DefaultConfig()
	cfg.Endpoint = b.url
	return cfg
}

// exporter returns an exporter to b and the pool that it uses.
func (b *backend) exporter(cfg Config) (*Exporter, *buftest.Pool) {
	b.t.Helper()
	pool := new(buftest.Pool)
	e, err := New(cfg, pool, slog.New(slog.DiscardHandler))
	if err != nil {
		b.t.Fatal(err)
	}
	if b.dial != nil {
		e.transport.DialContext = b.dial
	}
	b.t.Cleanup(func() { _ = e.Close(context.WithoutCancel(b.t.Context())) })
	return e, pool
}

func batchOf(n int) *pipeline.Batch {
	return exporttest.Batch(wire.Traces, n, pipeline.Part{Data: mem.SliceBuffer(otlptest.Encode(otlptest.Traces(n)))})
}
