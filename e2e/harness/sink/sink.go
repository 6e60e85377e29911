// Package sink is an OTLP backend for tests: it decodes everything with the official generated types, keeps it,
// and answers as a script tells it.
package sink

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const maxMessage = 256 << 20

// Request is one export request as the sink saw it.
type Request struct {
	Signal   signal.Signal
	Protocol signal.Protocol
	Coding   string              // compression of the body: "" (none), "gzip", "zstd"
	Header   map[string][]string // HTTP headers or gRPC metadata, names in lower case
	Peer     string              // the client's end of the connection
	Body     []byte              // over HTTP: the body as it came, decompressed; only scripts see it
	Message  proto.Message       // *Export{Trace,Metrics,Logs}ServiceRequest
	Items    int
	At       time.Time
}

// Script decides about a request. It runs on the request's goroutine and may block until ctx ends.
type Script func(ctx context.Context, r Request) Answer

// Sink is a running backend. Its methods may be called at any time.
type Sink struct {
	grpcAddr, httpAddr string

	mu       sync.Mutex
	script   Script
	accepted []Request
	refused  []Request
	items    map[signal.Signal]int

	close func()
}

// Start listens on two free ports of 127.0.0.1, for gRPC and for HTTP (1.1 and cleartext 2). Every request is accepted
// until Answer says otherwise.
func Start(ctx context.Context) (*Sink, error) {
	var listen net.ListenConfig
	return StartOn(func() (net.Listener, error) { return listen.Listen(ctx, "tcp", "127.0.0.1:0") })
}

// StartOn is Start with two listeners of the caller's own.
func StartOn(listen func() (net.Listener, error)) (*Sink, error) {
	s := &Sink{items: make(map[signal.Signal]int)}
	lg, err := listen()
	if err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	lh, err := listen()
	if err != nil {
		_ = lg.Close()
		return nil, fmt.Errorf("sink: %w", err)
	}
	s.grpcAddr, s.httpAddr = lg.Addr().String(), lh.Addr().String()

	gs := newGRPCServer(s)
	hs := newHTTPServer(s)
	var wg sync.WaitGroup
	wg.Go(func() { _ = gs.Serve(lg) })
	wg.Go(func() { _ = hs.Serve(lh) })
	s.close = sync.OnceFunc(func() {
		gs.Stop()
		_ = hs.Close()
		wg.Wait()
	})
	return s, nil
}

// Run starts a sink for the length of a test.
func Run(t testing.TB) *Sink {
	t.Helper()
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Close stops the servers; what was received stays readable.
func (s *Sink) Close() { s.close() }

// GRPC returns the host:port of the gRPC server.
func (s *Sink) GRPC() string { return s.grpcAddr }

// HTTPAddr returns the host:port of the HTTP server.
func (s *Sink) HTTPAddr() string { return s.httpAddr }

// URL returns the base URL of the HTTP server, without a path.
func (s *Sink) URL() string { return "http://" + s.httpAddr }

// Answer makes every later request go through script; nil accepts everything again.
func (s *Sink) Answer(script Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// Accepted returns the requests that were answered with success, full or partial, in the order of their answers.
func (s *Sink) Accepted() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.accepted)
}

// Refused returns the requests that were answered with an error.
func (s *Sink) Refused() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.refused)
}

// Messages returns the accepted messages of one signal.
func (s *Sink) Messages(of signal.Signal) []proto.Message {
	var out []proto.Message
	for _, r := range s.Accepted() {
		if r.Signal == of {
			out = append(out, r.Message)
		}
	}
	return out
}

// Forget empties the sink's memory of what it received.
func (s *Sink) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted, s.refused = nil, nil
	clear(s.items)
}

// Items returns how many spans, data points or log records were accepted; duplicates count.
func (s *Sink) Items(of signal.Signal) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[of]
}

// WaitItems waits until at least n items were accepted and ends the test when they do not come within limit.
func (s *Sink) WaitItems(t testing.TB, of signal.Signal, n int, limit time.Duration) {
	t.Helper()
	wait.For(t, limit, fmt.Sprintf("%d items of %s at the sink", n, of), func() bool { return s.Items(of) >= n })
}

// take asks the script and keeps the request.
func (s *Sink) take(ctx context.Context, r Request) Answer {
	r.Items = signal.Items(r.Message)
	r.At = time.Now()
	s.mu.Lock()
	script := s.script
	s.mu.Unlock()
	var a Answer
	if script != nil {
		a = script(ctx, r)
	}
	r.Body = nil // the message is enough to keep
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.Code == codes.OK && a.HTTPStatus < http.StatusBadRequest {
		s.accepted = append(s.accepted, r)
		s.items[r.Signal] += r.Items
	} else {
		s.refused = append(s.refused, r)
	}
	return a
}
