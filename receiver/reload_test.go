package receiver

import (
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
	"github.com/otlpctl/otlpctl/receiver/export/otlp"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
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

// An exporter to a file that is removed while a request is still on its way to it
// keeps the file open. When the file is wanted again, nobody opens it beside it.
func TestReloadOpensAFileOnce(t *testing.T) {
	hang, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hang.Close() }()
	path := filepath.Join(t.TempDir(), "items")
	beside := func(exporters ...ID) Config {
		c := toFile(path, nil)
		e := otlp.DefaultConfig()
		e.Endpoint, e.TLS.Insecure, e.SendingQueue.Enabled, e.RetryOnFailure.Enabled = hang.Addr().String(), true, false, false
		c.Exporters["otlp"] = &e
		c.Service.Pipelines["traces"] = PipelineConfig{Receivers: []ID{"otlp"}, Exporters: exporters}
		return c
	}
	r := start(t, beside("file"), io.Discard)
	r.post(t, "/v1/traces", protobuf, spans)
	r.reload(t, beside("otlp", "file"))
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+r.now.Load().servers["otlp"].Addr(ingest.HTTP)+"/v1/traces", strings.NewReader(string(spans)))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Content-Type", protobuf)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			t.Error(resp.Status)
		}
	}()
	waiting, err := hang.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // again and again, before anything is written
		r.reload(t, beside("otlp"))
		r.reload(t, beside("otlp", "file"))
	}
	if n := lineCount(t, path); n != 1 {
		t.Errorf("%d lines, want that of the first request", n)
	}
	_ = hang.Close()
	_ = waiting.Close() // no answer
	<-answered
	r.reload(t, beside("file"))
	r.post(t, "/v1/traces", protobuf, spans)
	r.end(t, 2)
	if n := lineCount(t, path); n != 2 {
		t.Errorf("%d lines, want 2", n)
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
