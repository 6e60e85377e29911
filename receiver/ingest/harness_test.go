package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/genproto/googleapis/rpc/errdetails" // protojson must know the details of a status
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
	"github.com/otlpctl/otlpctl/receiver/internal/ready"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// backend is an exporter that a test scripts. It keeps copies of what it gets.
type backend struct {
	mu     sync.Mutex
	got    []pipeline.Payload
	answer func(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error)
}

func (e *backend) Export(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	e.mu.Lock()
	p := pipeline.Payload{Signal: b.Signal, Items: b.Items, Data: mem.SliceBuffer(b.Encoded().Materialize())}
	if len(b.Parts) == 1 && b.Parts[0].Gzip != nil {
		p.Gzip = mem.SliceBuffer(bytes.Clone(b.Parts[0].Gzip.ReadOnlyData()))
	}
	e.got = append(e.got, p)
	answer := e.answer
	e.mu.Unlock()
	if answer == nil {
		return pipeline.Partial{}, nil
	}
	return answer(ctx, b)
}

func (e *backend) Close(context.Context) error { return nil }

// take returns what came since the last call.
func (e *backend) take() []pipeline.Payload {
	e.mu.Lock()
	defer e.mu.Unlock()
	got := e.got
	e.got = nil
	return got
}

func (e *backend) script(answer func(context.Context, *pipeline.Batch) (pipeline.Partial, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

// rig is a Server with one backend whose verdict every client waits for.
type rig struct {
	t       testing.TB
	server  *Server
	backend *backend
	budget  *Budget
	routes  *Routes
	ready   *ready.State
	pool    *pipeline.Pool
	client  *grpc.ClientConn
	log     *bytes.Buffer
}

// setup is how a test wants its rig; the zero value is the defaults.
type setup struct {
	config   func(*Config)
	signals  []wire.Signal // traces, metrics and logs if nil
	settings func(*pipeline.Settings)
	limiters []*pipeline.Limiter
	keys     []string
	capacity int64
}

func direct() pipeline.Settings {
	s := pipeline.Settings{Queue: pipeline.DefaultQueueConfig(), Passthrough: pipeline.PassLone}
	s.Queue.Enabled = false
	return s
}

func config() Config {
	c := DefaultConfig()
	c.Protocols.GRPC, c.Protocols.HTTP = new(GRPCConfig), new(HTTPConfig)
	c.Protocols.GRPC.SetDefaults()
	c.Protocols.HTTP.SetDefaults()
	c.Protocols.GRPC.Endpoint, c.Protocols.HTTP.Endpoint = "127.0.0.1:0", "127.0.0.1:0"
	return c
}

// newRig starts a server that is drained when the test ends.
func newRig(t testing.TB, s setup) *rig {
	t.Helper()
	r := &rig{t: t, backend: &backend{}, pool: &pipeline.Pool{}, ready: ready.New(""), log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(&locked{w: r.log}, nil))
	settings := direct()
	if s.settings != nil {
		s.settings(&settings)
	}
	d := pipeline.NewDestination("test", r.backend, settings, r.pool, log)
	routes := map[wire.Signal]*pipeline.Route{}
	if s.signals == nil {
		s.signals = []wire.Signal{wire.Traces, wire.Metrics, wire.Logs}
	}
	for _, sig := range s.signals {
		routes[sig] = pipeline.NewRoute([]*pipeline.Lane{d.Lane(sig, pipeline.Limits{})}, s.limiters, s.keys)
	}
	cfg := config()
	if s.config != nil {
		s.config(&cfg)
	}
	if s.capacity == 0 {
		s.capacity = 256 << 20
	}
	r.budget, r.routes = NewBudget(s.capacity), NewRoutes(routes)
	var err error
	r.server, err = New("otlp", cfg, Deps{Pool: r.pool, Budget: r.budget, Routes: r.routes, Ready: r.ready, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	r.start(d)
	return r
}

func (r *rig) start(d *pipeline.Destination) {
	t := r.t
	t.Helper()
	if err := r.server.Listen(t.Context(), Open); err != nil {
		t.Fatal(err)
	}
	r.server.Take()
	ctx := context.WithoutCancel(t.Context()) // the rig outlives the test's own end, to be drained
	var all sync.WaitGroup
	all.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Errorf("destination: %v", err)
		}
	})
	all.Go(func() {
		if err := r.server.Run(ctx); err != nil {
			t.Errorf("server: %v", err)
		}
	})
	t.Cleanup(func() {
		if r.client != nil {
			_ = r.client.Close()
		}
		within, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		r.server.Drain(within)
		d.Drain()
		all.Wait()
		if n := r.budget.Used(); n != 0 {
			t.Errorf("%d bytes of the budget were not given back", n)
		}
	})
}

// locked makes a writer safe for concurrent use.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// dial returns the rig's gRPC connection.
func (r *rig) dial() *grpc.ClientConn {
	r.t.Helper()
	if r.client == nil {
		conn, err := grpc.NewClient(r.server.Addr(GRPC), grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(grpcraw.Codec{}), grpc.MaxCallSendMsgSize(1<<30)))
		if err != nil {
			r.t.Fatal(err)
		}
		r.client = conn
	}
	return r.client
}

// call sends a message over gRPC and returns the encoded response.
func (r *rig) call(sig wire.Signal, a compression.Algorithm, message []byte) ([]byte, error) {
	r.t.Helper()
	var options []grpc.CallOption
	if a != compression.None {
		options = append(options, grpc.UseCompressor(a.String()))
	}
	response := new(grpcraw.Message)
	request := &grpcraw.Message{Data: mem.BufferSlice{mem.SliceBuffer(message)}, Compression: a}
	err := r.dial().Invoke(r.t.Context(), sig.Method(), request, response, options...)
	if response.Compression != compression.None {
		r.t.Errorf("the response came compressed")
	}
	return response.Data.Materialize(), err
}

// export is call for a message that must be accepted in full.
func (r *rig) export(sig wire.Signal, message []byte) {
	r.t.Helper()
	if b, err := r.call(sig, compression.None, message); err != nil || len(b) != 0 {
		r.t.Fatalf("export: %x, %v", b, err)
	}
}

// answer is a response over HTTP.
type httpAnswer struct {
	code   int
	header http.Header
	body   []byte
}

func (r *rig) url(path string) string { return "http://" + r.server.Addr(HTTP) + path }

// post sends a body over HTTP; headers are names and values in turn.
func (r *rig) post(path, contentType string, body []byte, headers ...string) httpAnswer {
	r.t.Helper()
	return r.do(http.DefaultClient, http.MethodPost, path, bytes.NewReader(body), append([]string{"Content-Type", contentType}, headers...)...)
}

func (r *rig) do(client *http.Client, method, path string, body io.Reader, headers ...string) httpAnswer {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.url(path), body)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	return httpAnswer{response.StatusCode, response.Header, b}
}

// status decodes a refusal's body, which must be in the wanted content type.
func (a httpAnswer) status(t testing.TB, contentType string) *spb.Status {
	t.Helper()
	s := &spb.Status{}
	if got := a.header.Get("Content-Type"); got != contentType {
		t.Errorf("content type %q, want %q (%d %s)", got, contentType, a.code, a.body)
	}
	var err error
	if contentType == jsonType {
		err = protojson.Unmarshal(a.body, s)
	} else {
		err = proto.Unmarshal(a.body, s)
	}
	if err != nil || s.GetMessage() == "" {
		t.Errorf("no google.rpc.Status: %q, %v", a.body, err)
	}
	return s
}

// details returns what a status says beside its message.
func details(s *spb.Status) (field, problem string, retry time.Duration) {
	for _, d := range status.FromProto(s).Details() {
		switch d := d.(type) {
		case *errdetails.BadRequest:
			field, problem = d.GetFieldViolations()[0].GetField(), d.GetFieldViolations()[0].GetDescription()
		case *errdetails.RetryInfo:
			retry = d.GetRetryDelay().AsDuration()
		}
	}
	return field, problem, retry
}

func gzipped(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		w := gzip.NewWriter(&b)
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func zstded(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	return w.EncodeAll(data, nil)
}

// tcp opens a connection to one of the rig's ports.
func (r *rig) tcp(transport Transport) net.Conn {
	r.t.Helper()
	conn, err := new(net.Dialer).DialContext(r.t.Context(), "tcp", r.server.Addr(transport))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// h2c returns a client that speaks HTTP/2 without TLS.
func h2c(t testing.TB) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// plainConn returns a connection for generated clients.
func plainConn(t testing.TB, r *rig) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(r.server.Addr(GRPC), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
