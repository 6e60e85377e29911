package receiver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/debug"
	"github.com/otlpctl/otlpctl/receiver/export/file"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// toFile returns a configuration that writes traces to a file.
func toFile(path string, edit func(*file.Config)) Config {
	c := local()
	f, _ := NewExporterConfig("file").(*file.Config)
	f.Path = path
	if edit != nil {
		edit(f)
	}
	c.Exporters = map[ID]ExporterConfig{"file": f}
	c.Service.Pipelines = map[ID]PipelineConfig{"traces": {Receivers: []ID{"otlp"}, Exporters: []ID{"file"}}}
	return c
}

func (r running) reload(t *testing.T, c Config) {
	t.Helper()
	if err := r.Reload(t.Context(), c, "next"); err != nil {
		t.Fatal(err)
	}
}

// end stops the receiver and checks that every item is accounted for as exported.
func (r running) end(t *testing.T, exported int64) {
	t.Helper()
	r.stop()
	receipt, err := <-r.receipt, <-r.err
	var n int64
	for _, e := range receipt.Entries {
		n += e.Exported
	}
	if err != nil || receipt.Lost() != 0 || receipt.Unexplained() != 0 || n != exported {
		t.Errorf("%d items exported, want %d; receipt %+v, error %v", n, exported, receipt, err)
	}
}

func lineCount(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "\n")
}

var spans = otlptest.Encode(otlptest.Traces(1)) //nolint:gochecknoglobals // read only

const protobuf = "application/x-protobuf"

func TestReloadExchangesExporters(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	r := start(t, toFile(first, nil), io.Discard)
	address := r.now.Load().servers["otlp"].Addr(ingest.HTTP)
	r.post(t, "/v1/traces", protobuf, spans)
	r.reload(t, toFile(second, nil))
	r.post(t, "/v1/traces", protobuf, spans)
	r.reload(t, toFile(second, func(c *file.Config) { c.FlushInterval = 0 })) // the file is handed over
	r.post(t, "/v1/traces", protobuf, spans)
	renamed := toFile(second, nil)
	renamed.Exporters["file/renamed"] = renamed.Exporters["file"]
	delete(renamed.Exporters, "file")
	renamed.Service.Pipelines["traces"] = PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"file/renamed"}}
	r.reload(t, renamed)
	r.post(t, "/v1/traces", protobuf, spans)
	g := r.now.Load()
	if g.number != 4 || g.hash != "next" || g.servers["otlp"].Addr(ingest.HTTP) != address {
		t.Errorf("generation %d, hash %s, address %s", g.number, g.hash, g.servers["otlp"].Addr(ingest.HTTP))
	}
	r.end(t, 4)
	if a, b := lineCount(t, first), lineCount(t, second); a != 1 || b != 3 {
		t.Errorf("%d and %d lines, want 1 and 3", a, b)
	}
}

// A queue whose backend was wrongly configured goes to the right one.
func TestReloadSavesAQueue(t *testing.T) {
	hole, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = hole.Close() // refuses
	backend := start(t, local(), io.Discard)
	to := func(address string) Config {
		c := local()
		e := NewExporterConfig("otlp")
		setEndpoint(t, e, address)
		c.Exporters = map[ID]ExporterConfig{"otlp": e}
		c.Service.Pipelines = map[ID]PipelineConfig{"traces": {Receivers: []ID{"otlp"}, Exporters: []ID{"otlp"}}}
		return c
	}
	r := start(t, to(hole.Addr().String()), io.Discard)
	for range 5 {
		r.post(t, "/v1/traces", protobuf, spans)
	}
	r.reload(t, to(backend.now.Load().servers["otlp"].Addr(ingest.GRPC)))
	r.end(t, 5)
	backend.end(t, 5)
}

// What cannot be built changes nothing.
func TestReloadThatFails(t *testing.T) {
	r := start(t, local(), io.Discard)
	before := r.now.Load()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	f := func(want string, edit func(*Config)) {
		t.Helper()
		c := local()
		edit(&c)
		if err := r.Reload(t.Context(), c, "bad"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if s := (view{r.Receiver}).Snapshot(); r.now.Load() != before || s.Config.Generation != 1 || s.Config.Problem == "" || s.Config.Hash != "abc" {
			t.Errorf("%+v", s.Config)
		}
		r.post(t, "/v1/traces", protobuf, spans)
	}
	f("address already in use", func(c *Config) { c.Receivers["otlp"].Protocols.HTTP.Endpoint = taken.Addr().String() })
	f("exporters.file: ", func(c *Config) { *c = toFile(filepath.Join(t.TempDir(), "no", "such", "folder"), nil) })
	f("no such file", func(c *Config) {
		e := NewExporterConfig("otlp")
		setEndpoint(t, e, "127.0.0.1:1")
		c.Exporters["otlp"] = e
		caFile(t, e, "/nowhere/ca.pem")
		c.Service.Pipelines["traces"] = PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"otlp"}}
	})
	r.deps.ChangeLogs = func(LogsConfig) error { return errors.New("no room for a log") }
	f("service.telemetry.logs: no room for a log", func(c *Config) { c.Receivers["otlp"].Protocols.HTTP.Endpoint = "127.0.0.1:0" })
	r.end(t, 4)
	if err := r.Reload(context.WithoutCancel(t.Context()), local(), "late"); !errors.Is(err, ErrNotRunning) {
		t.Errorf("reload after the end: %v", err)
	}
}

// A change that fails late gives up what was built for it, whose goroutines would
// pile up with every attempt.
func TestReloadThatFailsLeavesNothing(t *testing.T) {
	r := start(t, local(), io.Discard)
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	f := func(edit func(*Config)) {
		t.Helper()
		c := local()
		edit(&c)
		before := runtime.NumGoroutine()
		for range 20 {
			if r.Reload(t.Context(), c, "bad") == nil {
				t.Fatal("it has not failed")
			}
		}
		for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+10; {
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
			}
			runtime.Gosched()
		}
	}
	f(func(c *Config) { c.Receivers["otlp"].Protocols.HTTP.Endpoint = taken.Addr().String() })
	f(func(c *Config) {
		c.Receivers["otlp"].Protocols.HTTP.TLS = &tlsconf.Server{Common: tlsconf.Common{CertFile: "/nowhere", KeyFile: "/nowhere"}}
	})
	f(func(c *Config) {
		c.Receivers["otlp"].Protocols.GRPC.MaxConcurrentStreams = 7
		c.Admin.Endpoint = taken.Addr().String()
	})
	r.end(t, 0)
}

// Whoever looks while a reload fails sees it as a whole, or not at all: /metrics
// takes the difference of the counts for those that succeeded.
func TestReloadHistoryIsOfOneMoment(t *testing.T) {
	r := start(t, local(), io.Discard)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 10_000 {
			r.Reloaded(errors.New("invalid"))
		}
	}()
	for looking := true; looking; {
		select {
		case <-ended:
			looking = false
		default:
		}
		if c := (view{r.Receiver}).Snapshot().Config; c.Reloads != c.Failed || (c.Problem == "") != (c.Failed == 0) {
			t.Errorf("%+v", c)
			break
		}
	}
	<-ended
	r.end(t, 0)
}

// Requests never fail and connections are never refused, whatever changes: the
// server with its limits, the exporters, the pipelines.
func TestReloadUnderLoad(t *testing.T) {
	r := start(t, local(), io.Discard)
	http1, grpc := r.now.Load().servers["otlp"].Addr(ingest.HTTP), r.now.Load().servers["otlp"].Addr(ingest.GRPC)
	variant := func(i int) Config {
		c := local()
		otlp := c.Receivers["otlp"].Protocols
		otlp.HTTP.MaxRequestBodySize = int64(1<<20 + i%2)
		otlp.GRPC.MaxConcurrentStreams = uint32(100 + i%3) //nolint:gosec // a handful
		d, _ := c.Exporters["debug"].(*debug.Config)
		if i%2 == 0 {
			d.SamplingInitial = 3
		}
		if i%3 == 0 {
			c.Exporters["nop"] = NewExporterConfig("nop")
			for id, p := range c.Service.Pipelines {
				p.Exporters = []ID{"debug", "nop"}
				c.Service.Pipelines[id] = p
			}
		}
		return c
	}
	stop := make(chan struct{})
	var sent atomic.Int64
	var clients sync.WaitGroup
	client := func(transport *http.Transport) {
		clients.Go(func() {
			c := &http.Client{Transport: transport}
			defer transport.CloseIdleConnections()
			for {
				select {
				case <-stop:
					return
				default:
				}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+http1+"/v1/traces", strings.NewReader(string(spans)))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Content-Type", protobuf)
				resp, err := c.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Error(resp.Status)
					return
				}
				sent.Add(1)
			}
		})
	}
	client(&http.Transport{})
	client(&http.Transport{DisableKeepAlives: true})
	h2c := new(http.Protocols)
	h2c.SetUnencryptedHTTP2(true)
	client(&http.Transport{Protocols: h2c})
	for i := range 60 {
		r.reload(t, variant(i))
		for before := sent.Load(); sent.Load() < before+5 && !t.Failed(); {
			runtime.Gosched()
		}
	}
	close(stop)
	clients.Wait()
	g := r.now.Load()
	if g.servers["otlp"].Addr(ingest.HTTP) != http1 || g.servers["otlp"].Addr(ingest.GRPC) != grpc {
		t.Error("the addresses have changed")
	}
	r.stop()
	receipt, err := <-r.receipt, <-r.err
	var debugged int64
	for _, e := range receipt.Entries {
		if e.Exporter == "debug" {
			debugged += e.Exported
		}
	}
	if err != nil || receipt.Lost() != 0 || receipt.Unexplained() != 0 || debugged != sent.Load() {
		t.Errorf("%d sent, %d exported; receipt %+v, error %v", sent.Load(), debugged, receipt, err)
	}
}

// Both addresses are given up at once, though a client of one of them has nothing
// to say for a long time: it must not keep the other one open.
func TestReloadClosesAddressesBesideAnIdleClient(t *testing.T) {
	r := start(t, local(), io.Discard)
	old := r.now.Load().servers["otlp"]
	r.post(t, "/v1/traces", protobuf, spans) // its connection stays open
	c := local()
	c.Receivers["otlp"].Protocols.HTTP.Endpoint = "localhost:0"
	c.Receivers["otlp"].Protocols.GRPC.Endpoint = "localhost:0"
	r.reload(t, c)
	for _, transport := range []ingest.Transport{ingest.HTTP, ingest.GRPC} {
		for deadline := time.Now().Add(10 * time.Second); ; {
			c, err := new(net.Dialer).DialContext(t.Context(), "tcp", old.Addr(transport))
			if err != nil {
				break
			}
			_ = c.Close()
			if time.Now().After(deadline) {
				t.Fatalf("%s is still open", transport)
			}
			runtime.Gosched()
		}
	}
	r.end(t, 1)
}

// An address that is given up is closed, and one that comes is opened.
func TestReloadMovesListeners(t *testing.T) {
	r := start(t, local(), io.Discard)
	old := r.now.Load().servers["otlp"].Addr(ingest.HTTP)
	c := local()
	c.Receivers["otlp"].Protocols.HTTP.Endpoint = "localhost:0"
	r.reload(t, c)
	if moved := r.now.Load().servers["otlp"].Addr(ingest.HTTP); moved == old {
		t.Errorf("still on %s", moved)
	}
	r.post(t, "/v1/traces", protobuf, spans)
	for deadline := time.Now().Add(10 * time.Second); ; {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", old)
		if err == nil {
			_ = l.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	c = local()
	c.Receivers["otlp"].Protocols.HTTP.Endpoint = "localhost:0"
	c.Receivers["otlp"].Protocols.GRPC = nil
	r.reload(t, c)
	r.post(t, "/v1/traces", protobuf, spans)
	r.end(t, 2)
}
