package load

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// backend takes logs over gRPC and answers as scripted.
type backend struct {
	collogs.UnimplementedLogsServiceServer

	mu      sync.Mutex
	records []int // of each request
	token   []string
	answer  func(n int) (*collogs.ExportLogsServiceResponse, error)
}

func (b *backend) Export(ctx context.Context, r *collogs.ExportLogsServiceRequest) (*collogs.ExportLogsServiceResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, resource := range r.GetResourceLogs() {
		for _, scope := range resource.GetScopeLogs() {
			n += len(scope.GetLogRecords())
		}
	}
	b.records = append(b.records, n)
	in, _ := metadata.FromIncomingContext(ctx)
	b.token = in.Get("authorization")
	if b.answer == nil {
		return new(collogs.ExportLogsServiceResponse), nil
	}
	return b.answer(len(b.records))
}

// serveLogs returns the address of b.
func serveLogs(t *testing.T, b *backend) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collogs.RegisterLogsServiceServer(server, b)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	return listener.Addr().String()
}

// newClient returns a client that sends logs to a target.
func newClient(t *testing.T, target Target) *Client {
	t.Helper()
	c, err := NewClient(t.Context(), map[wire.Signal]Target{wire.Logs: target}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// logsOf returns a request of n log records of so many bytes each.
func logsOf(t *testing.T, n, bytes int) []byte {
	t.Helper()
	record := `{"body":{"stringValue":"` + strings.Repeat("x", bytes) + `"}}`
	text := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + strings.TrimSuffix(strings.Repeat(record+",", n), ",") + `]}]}]}`
	request, err := otlpjson.AppendWire(nil, wire.Logs, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return request
}

func TestClientReadsAnswers(t *testing.T) {
	const most = 10 * time.Second
	type response = collogs.ExportLogsServiceResponse
	busy := func(after time.Duration) error {
		s, err := status.New(codes.ResourceExhausted, "full").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
		if err != nil {
			t.Fatal(err)
		}
		return s.Err()
	}
	f := func(what string, want Answer, state Status, requests int, answer func(n int) (*response, error)) {
		t.Helper()
		b := &backend{answer: answer}
		c := newClient(t, Target{Endpoint: serveLogs(t, b), Timeout: most, Headers: map[string]string{"authorization": "hunter2"}})
		got := c.Send(t.Context(), wire.Logs, logsOf(t, 3, 1), 3)
		if got.Status() != state || len(b.records) != requests {
			t.Errorf("%s: %s after %d requests, %v", what, got.Status(), len(b.records), got.Err)
		}
		if len(b.token) != 1 || b.token[0] != "hunter2" {
			t.Errorf("%s: headers %v", what, b.token)
		}
		got.Err = nil
		if want.Requests, want.Sent = 1, 3; got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	f("all", Answer{Accepted: 3}, Accepted, 1, nil)
	partial := func(rejected int64) func(int) (*response, error) {
		return func(int) (*response, error) {
			return &response{PartialSuccess: &collogs.ExportLogsPartialSuccess{RejectedLogRecords: rejected, ErrorMessage: "too old"}}, nil
		}
	}
	f("some", Answer{Accepted: 1, Rejected: 2, Message: "too old"}, PartialSuccess, 1, partial(2))
	f("a warning", Answer{Accepted: 3, Message: "too old"}, Accepted, 1, partial(0))
	f("nonsense", Answer{Rejected: 3, Message: "too old"}, PartialSuccess, 1, partial(1<<40))
	f("no", Answer{Rejected: 3}, Rejected, 1, func(int) (*response, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	f("away", Answer{}, Failed, 1, func(int) (*response, error) { return nil, status.Error(codes.Unavailable, "not now") })
	f("busy", Answer{Accepted: 3}, Accepted, 2, func(n int) (*response, error) {
		if n == 1 {
			return nil, busy(time.Millisecond)
		}
		return new(response), nil
	})
	f("too busy", Answer{}, Failed, 1, func(int) (*response, error) { return nil, busy(time.Hour) })
}

// A request that servers would not take is sent in pieces, as far as they are taken.
func TestClientDividesLargeRequests(t *testing.T) {
	b := &backend{answer: func(n int) (*collogs.ExportLogsServiceResponse, error) {
		if n == 3 {
			return nil, status.Error(codes.InvalidArgument, "no")
		}
		return new(collogs.ExportLogsServiceResponse), nil
	}}
	c := newClient(t, Target{Endpoint: serveLogs(t, b)})
	got := c.Send(t.Context(), wire.Logs, logsOf(t, 10, 1<<20), 10)
	if got.Requests != 3 || got.Sent != 6 || got.Accepted != 4 || got.Rejected != 2 || got.Status() != Rejected {
		t.Errorf("%+v, requests of %v", got, b.records)
	}
}

func TestClientOverHTTP(t *testing.T) {
	var path, content string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		path, content = r.URL.Path, r.Header.Get("Content-Type")
	}))
	defer server.Close()
	f := func(target Target, wantPath, wantContent string) {
		t.Helper()
		got := newClient(t, target).Send(t.Context(), wire.Logs, logsOf(t, 1, 1), 1)
		if got.Status() != Accepted || path != wantPath || content != wantContent {
			t.Errorf("%s: %+v, %s to %s", target.Endpoint, got, content, path)
		}
	}
	const protobuf, inJSON = "application/x-protobuf", "application/json"
	f(Target{Endpoint: server.URL}, "/v1/logs", protobuf)
	f(Target{Endpoint: server.URL + "/otlp/", Protocol: HTTPJSON, Compression: "zstd"}, "/otlp/v1/logs", inJSON)
	f(Target{Endpoint: server.URL + "/in", Exact: true}, "/in", protobuf)
	f(Target{Endpoint: strings.TrimPrefix(server.URL, "http://"), Protocol: HTTPJSON}, "/v1/logs", inJSON)
}

func TestClientEndsWithItsTimeout(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	c := newClient(t, Target{Endpoint: server.URL, Timeout: 50 * time.Millisecond})
	got := c.Send(t.Context(), wire.Logs, logsOf(t, 1, 1), 1)
	if got.Status() != Failed || !errors.Is(got.Err, context.DeadlineExceeded) {
		t.Errorf("%+v", got)
	}
}

func TestClientNeedsTargets(t *testing.T) {
	if _, err := NewClient(t.Context(), map[wire.Signal]Target{wire.Traces: {Endpoint: "gateway"}}, nil); err == nil {
		t.Error("a client of a target that is none")
	}
	if _, err := NewClient(t.Context(), map[wire.Signal]Target{wire.Traces: {Endpoint: "consul:///otlp"}}, nil); err == nil {
		t.Error("a client of a service that nobody finds")
	}
	c := newClient(t, Target{})
	if got := c.Send(t.Context(), wire.Traces, nil, 1); got.Err == nil {
		t.Error("sent without a target")
	}
}

// Signals with the same target share its connections.
func TestClientSharesConnections(t *testing.T) {
	f := func(targets map[wire.Signal]Target, want int) {
		t.Helper()
		c, err := NewClient(t.Context(), targets, nil)
		if err != nil || len(c.all) != want {
			t.Errorf("%v: %v", targets, err)
		}
		if err == nil {
			err = c.Close(t.Context())
		}
		if err != nil {
			t.Error(err)
		}
	}
	f(map[wire.Signal]Target{wire.Traces: {}, wire.Logs: {}}, 1)
	f(map[wire.Signal]Target{wire.Traces: {}, wire.Metrics: {Protocol: HTTPJSON}, wire.Logs: {}}, 2)
	exact := Target{Endpoint: "http://a/in", Exact: true}
	f(map[wire.Signal]Target{wire.Traces: exact, wire.Logs: exact}, 2)
}
