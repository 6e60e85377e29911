package admin

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/measure"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/presence"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

//nolint:gochecknoglobals // the flag that rewrites golden files
var update = flag.Bool("update", false, "write answers to testdata")

// fixed is a Source that never changes.
type fixed struct {
	unhealthy, unready string
	snapshot           Snapshot
}

func (f fixed) Health() (bool, string) { return f.unhealthy == "", f.unhealthy }

func (f fixed) Ready() (bool, string) { return f.unready == "", f.unready }

func (f fixed) Snapshot() Snapshot { return f.snapshot }

func latency(durations ...time.Duration) measure.Distribution {
	var l measure.Latency
	for _, d := range durations {
		l.Observe(d)
	}
	return l.Read()
}

// example has a value of its own in every place.
func example() Snapshot {
	return Snapshot{
		Config: Configuration{
			Generation: 2, Hash: "9f86d081884c", Loaded: time.Unix(1_789_999_500, 0).UTC(), Reloads: 3, Failed: 2, Problem: "otel.yaml:3:5: exporters.otlp.endpiont: unknown key",
		},
		Pipelines: []Pipeline{{Name: "traces", Receivers: []string{"otlp"}, Processors: []string{"batch"}, Exporters: []string{"debug", "otlp/two"}}},
		InFlight:  InFlight{Bytes: 49_152, Limit: 1 << 28},
		Registrations: []presence.Registration{{
			Registry: "consul", Address: "127.0.0.1:8500", Service: "otlp-receiver", ID: "otlp-receiver-1", Advertised: "192.0.2.7:4317",
			Registered: true, Since: time.Unix(1_789_999_501, 0).UTC(), Error: "no leader", Failures: 3,
		}},
		Receivers: []ingest.State{
			{
				Receiver: "otlp", Transport: ingest.GRPC, Endpoint: "0.0.0.0:4317", Connections: 3, Unmatched: map[string]int64{"not_found": 1},
				Signals: map[wire.Signal]ingest.SignalState{
					wire.Traces: {
						Requests: 10, Items: 1000, Rejected: 5, Refused: map[string]int64{"overload": 2, "malformed": 1},
						WireBytes: 400_000, Bytes: 490_000, Latency: latency(200*time.Microsecond, 3*time.Millisecond, 4*time.Millisecond, time.Minute),
					},
					wire.Metrics: {}, wire.Logs: {}, wire.Profiles: {},
				},
			},
			{Receiver: "otlp", Transport: ingest.HTTP, Endpoint: "0.0.0.0:4318", Unmatched: map[string]int64{}, Signals: map[wire.Signal]ingest.SignalState{wire.Profiles: {Requests: 1, Items: 7}}},
		},
		Exporters: []pipeline.State{
			{
				Name: "otlp/two", Requests: 2, Items: 300, Bytes: 147_000, Held: 150_000, Oldest: 1500 * time.Millisecond,
				Capacity: 1000, Used: 2, Sizer: pipeline.Requests, Attempts: 12, Retries: 4, Failed: 5,
				Latency: latency(time.Millisecond, 2*time.Second), Failing: `connection "refused"`, Since: time.Unix(1_790_000_000, 0),
				Books: map[wire.Signal]pipeline.Books{wire.Traces: {
					Accepted: 1000, Exported: 600, Queued: 300, Spooled: 40, Rejected: 10, RejectedReasons: map[string]int64{"invalid": 7, "partial_success": 3}, Dropped: map[string]int64{"queue_full": 30, "shutdown": 20},
				}},
				Discovered: &pipeline.Discovered{
					Source: "consul://127.0.0.1:8500/otlp-receiver", At: time.Unix(1_789_999_900, 0), Problem: "no leader",
					Answers: 6, Failures: 7, Failovers: 8,
					State: balance.State{
						Known: 2, Conditions: map[balance.Condition]int{balance.Ready: 1, balance.Warming: 0, balance.Ejected: 1, balance.Busy: 0}, Ejections: 9,
						Instances: []balance.Member{
							{ID: "a", Addr: "192.0.2.1:4317", Zone: "eu-1", Condition: balance.Ready, InFlight: 3, Picks: 44, Failures: 1},
							{ID: "b", Addr: "192.0.2.2:4317", Condition: balance.Ejected, Until: time.Unix(1_790_000_060, 0), Picks: 5, Failures: 5, Consecutive: 5},
						},
					},
				},
			},
			{Name: "database", Capacity: 1000, Sizer: pipeline.Requests, Books: map[wire.Signal]pipeline.Books{}, Duplicates: new(int64(20))},
			{Name: "debug", Capacity: 1 << 20, Sizer: pipeline.Bytes, Books: map[wire.Signal]pipeline.Books{}},
		},
	}
}

func exampleProcess() process {
	return process{
		PID: 42, Go: "go1.26.8", CPU: 12.5, Resident: 21 << 20, Heap: 8 << 20, Runtime: 30 << 20, Limit: 256 << 20,
		Goroutines: 33, MaxProcs: 2, Files: 17, MaxFiles: 1_048_576,
	}
}

func deps(s Source) Deps {
	return Deps{
		Source: s, Log: slog.New(slog.DiscardHandler), Started: time.Unix(1_789_999_000, 0),
		Build: Build{Version: "v1.2.3", Commit: "abcdef", Date: "2026-09-21T00:00:00Z"},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil { //nolint:gosec // G306: a golden file is for everyone to read
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // G304: a golden file
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", name, got)
	}
}

// ask returns the answer of a handler.
func ask(t *testing.T, h http.Handler, method, path string, header ...string) (code int, body string, answer http.Header) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	content, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(content), w.Header()
}

// The members of /status are API.
func TestStatusDocument(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(report(deps(fixed{unready: "draining", snapshot: example()}), time.Unix(1_790_000_001, 500_000_000), exampleProcess())); err != nil {
		t.Fatal(err)
	}
	golden(t, "status.json", b.Bytes())
}

// Before anything is known, there are empty lists, not null.
func TestEmptyStatus(t *testing.T) {
	_, body, header := ask(t, handler(false, deps(fixed{})), http.MethodGet, "/status")
	if strings.Contains(body, "null") || header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %s", header.Get("Content-Type"), body)
	}
	var r statusReport
	if err := json.Unmarshal([]byte(body), &r); err != nil || r.Process.PID != os.Getpid() || r.Process.Goroutines == 0 || r.Process.Heap == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestProbes(t *testing.T) {
	f := func(s fixed, path string, code int, status, reason string) {
		t.Helper()
		gotCode, body, _ := ask(t, handler(false, deps(s)), http.MethodGet, path)
		var got probe
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		if gotCode != code || got.Status != status || got.Reason != reason || got.Version != "v1.2.3" || got.Uptime <= 0 {
			t.Errorf("%s: %d %s", path, gotCode, body)
		}
	}
	f(fixed{}, "/health", 200, "ok", "")
	f(fixed{}, "/ready", 200, "ready", "")
	f(fixed{unready: "draining"}, "/health", 200, "ok", "")
	f(fixed{unready: "draining"}, "/ready", 503, "not ready", "draining")
	f(fixed{unhealthy: "stuck"}, "/health", 503, "failed", "stuck")
	f(fixed{snapshot: example()}, "/ready", 200, "ready", "") // an exporter fails, and that is no reason
}

func TestPages(t *testing.T) {
	f := func(h http.Handler, method, path string, code int, contains string) http.Header {
		t.Helper()
		got, body, header := ask(t, h, method, path)
		if got != code || !strings.Contains(body, contains) {
			t.Errorf("%s %s: %d %q", method, path, got, body)
		}
		if header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: headers %v", method, path, header)
		}
		return header
	}
	plain, profiling := handler(false, deps(fixed{})), handler(true, deps(fixed{}))
	only := metricsHandler(deps(fixed{}))
	f(plain, "GET", "/", 200, "otlpctl v1.2.3\n\n  /health ")
	f(plain, "GET", "/nowhere", 404, "There is no page \"/nowhere\". These exist:\n\n  /health ")
	f(plain, "GET", "/health/", 404, "/health")
	f(plain, "GET", "/debug/pprof/", 404, "There is no page")
	f(plain, "GET", "/metrics", 200, "otlpctl_build_info")
	if header := f(plain, "POST", "/health", 405, "POST changes nothing here"); header.Get("Allow") != "GET, HEAD" {
		t.Errorf("headers %v", header)
	}
	f(plain, "DELETE", "/nowhere", 405, "use GET")
	f(profiling, "GET", "/", 200, "/debug/pprof/")
	f(profiling, "GET", "/debug/pprof/", 200, "goroutine")
	f(profiling, "GET", "/debug/pprof/goroutine?debug=1", 200, "TestPages")
	f(profiling, "GET", "/debug/pprof/cmdline", 200, "")
	f(profiling, "POST", "/debug/pprof/symbol", 405, "")
	f(only, "GET", "/metrics", 200, "otlpctl_build_info")
	f(only, "GET", "/", 200, "/metrics")
	f(only, "GET", "/health", 404, "/metrics")
	without := deps(fixed{})
	without.WithoutMetrics = true
	f(handler(false, without), "GET", "/metrics", 404, "/status")
	if _, pattern := http.DefaultServeMux.Handler(httptest.NewRequestWithContext(t.Context(), "GET", "/health", http.NoBody)); pattern != "" {
		t.Errorf("the default mux serves %s", pattern)
	}
}

func TestValidate(t *testing.T) {
	f := func(endpoint string, ok bool) {
		t.Helper()
		c := Config{Endpoint: endpoint}
		if err := c.Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	f(DefaultConfig().Endpoint, true)
	f("[::1]:0", true)
	f(":8888", true)
	f("", false)
	f("8888", false)
	f("localhost:", false)
}

func TestQuantile(t *testing.T) {
	f := func(share, want float64, durations ...time.Duration) {
		t.Helper()
		if got := quantile(latency(durations...), share); got < want*0.999 || got > want*1.001 {
			t.Errorf("%g of %v: %g, want %g", share, durations, got, want)
		}
	}
	ms := time.Millisecond
	f(0.5, 0.00075, ms, ms) // in the middle of the bucket from 0.5 to 1 ms
	f(1, 0.001, ms, ms)
	f(0.5, 0.0005, ms/4, ms)
	f(0.99, 30, time.Hour)
	f(0.25, 0.0005, ms/4, time.Hour, time.Hour, time.Hour)
}
