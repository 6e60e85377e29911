package receiver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/otlp"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// lines is a writer whose content may be read while others write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// local returns the default configuration on ports that the system chooses.
func local() Config {
	c := DefaultConfig()
	c.Admin.Endpoint = "127.0.0.1:0"
	c.Receivers["otlp"].Protocols.GRPC.Endpoint = "127.0.0.1:0"
	c.Receivers["otlp"].Protocols.HTTP.Endpoint = "127.0.0.1:0"
	return c
}

func deps(stdout io.Writer) Deps {
	return Deps{
		Log: slog.New(slog.DiscardHandler), Stdout: stdout, Stderr: io.Discard, ConfigHash: "abc",
		Memory: Memory{Total: 1 << 30, InFlight: 256 << 20, Queues: 256 << 20},
	}
}

// running is a Receiver under test.
type running struct {
	*Receiver

	stop    context.CancelFunc
	receipt chan Receipt
	err     chan error
}

func start(t *testing.T, c Config, stdout io.Writer) running {
	t.Helper()
	return startOn(t, c, deps(stdout))
}

func startOn(t *testing.T, c Config, d Deps) running {
	t.Helper()
	r, err := New(t.Context(), c, d)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	run := running{Receiver: r, receipt: make(chan Receipt, 1), err: make(chan error, 1), stop: func() {
		http.DefaultClient.CloseIdleConnections() // no client is to be waited for
		stop()
	}}
	go func() {
		receipt, err := r.Run(ctx)
		run.receipt <- receipt
		run.err <- err
	}()
	for ready := false; !ready; {
		select {
		case err := <-run.err:
			t.Fatalf("Run ended: %v", err)
		default:
			ready, _ = view{r}.Ready()
		}
	}
	return run
}

// post sends a request that must be accepted.
func (r running) post(t *testing.T, path, contentType string, body []byte) {
	t.Helper()
	url := "http://" + r.now.Load().servers["otlp"].Addr(ingest.HTTP) + path
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s: %s, %v", path, resp.Status, err)
	}
}

func TestFromRequestToReceipt(t *testing.T) {
	var out lines
	r := start(t, local(), &out)
	for path, body := range map[string][]byte{
		"/v1/traces":  otlptest.Encode(otlptest.Traces(7)),
		"/v1/logs":    otlptest.Encode(otlptest.Logs(5)),
		"/v1/metrics": otlptest.Encode(otlptest.Metrics(9)),
	} {
		r.post(t, path, "application/x-protobuf", body)
	}
	r.stop()
	receipt, err := <-r.receipt, <-r.err
	if err != nil || receipt.Lost() != 0 || receipt.Unexplained() != 0 {
		t.Errorf("receipt %+v, error %v", receipt, err)
	}
	var got []string
	for _, e := range receipt.Entries {
		got = append(got, fmt.Sprintf("%s %s %d=%d", e.Exporter, e.Signal, e.Accepted, e.Exported))
	}
	if want := "debug traces 7=7, debug metrics 9=9, debug logs 5=5"; strings.Join(got, ", ") != want {
		t.Errorf("receipt %q, want %q", got, want)
	}
	if !strings.Contains(out.String(), "7 spans") {
		t.Errorf("the debug exporter printed %q", out.String())
	}
}

func TestStatusShowsEveryPart(t *testing.T) {
	r := start(t, local(), io.Discard)
	defer func() {
		r.stop()
		if err := <-r.err; err != nil {
			t.Error(err)
		}
	}()
	r.post(t, "/v1/traces", "application/json", []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00"}]}]}]}`))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.now.Load().desk[0].Addr()+"/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var status struct {
		Ready     bool
		Config    struct{ Hash string }
		Pipelines []struct{ Name string }
		Receivers []struct {
			Transport string
			Signals   map[string]struct {
				Rejected int `json:"rejected_items"`
			}
		}
		Exporters []struct{ Name string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&status); err != nil {
		t.Fatal(err)
	}
	if !status.Ready || status.Config.Hash != "abc" || len(status.Pipelines) != 3 || len(status.Exporters) != 1 || len(status.Receivers) != 2 {
		t.Errorf("status %+v", status)
	}
	for _, s := range status.Receivers {
		if s.Transport == "http" && s.Signals["traces"].Rejected != 1 {
			t.Errorf("the rejected span does not show: %+v", s)
		}
	}
}

func TestTakenPortLeavesNothingOpen(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	c := local()
	c.Receivers["otlp"].Protocols.HTTP.Endpoint = taken.Addr().String()
	r, err := New(t.Context(), c, deps(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Fatalf("Run on a taken port: %v", err)
	}
	for _, address := range []string{r.now.Load().servers["otlp"].Addr(ingest.GRPC), r.now.Load().desk[0].Addr()} {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		if err != nil {
			t.Errorf("still open after Run failed: %v", err)
			continue
		}
		_ = l.Close()
	}
}

// A backend that never answers holds up the end no longer than the time for it, or until nobody wants
// to wait any more, and what it did not get is in the receipt.
func TestDrainEnds(t *testing.T) {
	t.Run("in time", func(t *testing.T) { testDrainEnds(t, 200*time.Millisecond, nil, "") })
	enough := make(chan struct{})
	close(enough)
	t.Run("given up", func(t *testing.T) { testDrainEnds(t, time.Hour, enough, "giving up") })
}

func testDrainEnds(t *testing.T, timeout time.Duration, giveUp <-chan struct{}, said string) {
	c := local()
	sink := NewExporterConfig("otlp")
	hole, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hole.Close() }()
	setEndpoint(t, sink, hole.Addr().String())
	c.Exporters = map[ID]ExporterConfig{"otlp": sink}
	c.Service.Pipelines = map[ID]PipelineConfig{"traces": {Receivers: []ID{"otlp"}, Exporters: []ID{"otlp"}}}
	c.Service.Shutdown.Delay, c.Service.Shutdown.Timeout = timeout/2, timeout
	d, log := deps(io.Discard), &bytes.Buffer{}
	d.Draining, d.Log = func() <-chan struct{} { return giveUp }, slog.New(slog.NewTextHandler(log, nil))
	r := startOn(t, c, d)
	r.post(t, "/v1/traces", "application/x-protobuf", otlptest.Encode(otlptest.Traces(3)))
	r.stop()
	receipt, err := <-r.receipt, <-r.err
	if err != nil || receipt.Lost() != 3 || receipt.Unexplained() != 0 {
		t.Errorf("receipt %+v, error %v", receipt, err)
	}
	if len(receipt.Entries) != 1 || receipt.Entries[0].Dropped[pipeline.ShutDown.String()] != 3 {
		t.Errorf("entries %+v", receipt.Entries)
	}
	if !strings.Contains(log.String(), said) {
		t.Errorf("%q is not in\n%s", said, log)
	}
}

func setEndpoint(t *testing.T, c ExporterConfig, endpoint string) {
	t.Helper()
	o, ok := c.(*otlp.Config)
	if !ok {
		t.Fatalf("%T is no otlp exporter", c)
	}
	o.Endpoint, o.TLS.Insecure = endpoint, true
}

func caFile(t *testing.T, c ExporterConfig, path string) {
	t.Helper()
	o, ok := c.(*otlp.Config)
	if !ok {
		t.Fatalf("%T is no otlp exporter", c)
	}
	o.TLS.Insecure, o.TLS.CAFile = false, path
}
