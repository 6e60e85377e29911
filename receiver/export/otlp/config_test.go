package otlp

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/export/internal/exporttest"
	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/internal/secret"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestValidate(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.Endpoint = "backend:4317"
		change(&cfg)
		err := cfg.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	endpoint := func(text string) func(*Config) { return func(c *Config) { c.Endpoint = text } }
	f(endpoint(""), "endpoint: is missing")
	f(endpoint("backend:4317"), "")
	f(endpoint("[::1]:4317"), "")
	f(endpoint("http://backend:4317"), "")
	f(endpoint("https://backend:4317"), "")
	f(endpoint("dns:///backend:4317"), "")
	f(endpoint("dns://8.8.8.8/backend:4317"), "")
	f(endpoint("passthrough:///backend:4317"), "")
	f(endpoint("unix:///run/backend.sock"), "")
	f(endpoint("unix://"), "endpoint: has no path")
	f(endpoint("backend"), `endpoint: "backend" is not host:port`)
	f(endpoint("https://backend"), `endpoint: "https://backend" is not host:port`)
	f(endpoint("backend:otlp"), `endpoint: "backend:otlp" has no valid port`)
	f(endpoint("backend:0"), `endpoint: "backend:0" has no valid port`)
	f(endpoint("backend:70000"), `endpoint: "backend:70000" has no valid port`)
	f(endpoint("http://backend:4317/v1/traces"), `endpoint: "http://backend:4317/v1/traces" has a path (/v1/traces), which gRPC does not use`)
	f(endpoint("dns:///%zz"), `endpoint: "dns:///%zz" is not an address`)
	f(endpoint("dns://backend:4317"), "")
	f(endpoint("consul:///otlp-receiver?tag=grpc"), "")
	f(endpoint("etcd://user:hunter2@127.0.0.1:2379/otlp"), "endpoint: has a user or token before @: a registry's credentials")
	f(func(c *Config) { c.Balance.Policy = "random" }, "balance: works only with an endpoint that names a service")
	f(func(c *Config) { c.Endpoint, c.WaitForReady = "consul:///otlp-receiver", true }, "wait_for_ready: must be off")
	f(func(c *Config) { c.Compression = "" }, "")
	f(func(c *Config) { c.Compression = "none" }, "")
	f(func(c *Config) { c.Compression = "snappy" }, `compression: "snappy" is not supported: use gzip, zstd or none`)
	f(func(c *Config) { c.BalancerName = "" }, "")
	f(func(c *Config) { c.BalancerName = "pick_first" }, "")
	f(func(c *Config) { c.BalancerName = "luck" }, `balancer_name: "luck" is not known`)
	header := func(name string, value secret.Text) func(*Config) {
		return func(c *Config) { c.Headers = map[string]secret.Text{name: value} }
	}
	f(header("Authorization", "Bearer hunter2"), "")
	f(header("trace-bin", "\x00\xff"), "")
	f(header("", "x"), "headers.: a header needs a name")
	f(header("grpc-timeout", "1S"), "headers.grpc-timeout: names that begin with grpc-")
	f(header("two words", "x"), "headers.two words: a name of a header has")
	f(header("x-team", "naïve"), "headers.x-team: the value has characters")
}

// The defaults that a configuration made for the Collector counts on.
func TestDefaultsAreTheCollectors(t *testing.T) {
	c := DefaultConfig()
	if c.Compression != "gzip" || c.TLS.Insecure || c.Timeout != 5*time.Second || c.WriteBufferSize != 512<<10 ||
		c.BalancerName != "round_robin" || c.Keepalive != nil || c.WaitForReady || c.Connections != 1 || c.GzipMultiMember {
		t.Errorf("%+v", c)
	}
	if c.SendingQueue != pipeline.DefaultQueueConfig() || c.RetryOnFailure != pipeline.DefaultRetryConfig() {
		t.Errorf("%+v", c)
	}
	var k Keepalive
	k.SetDefaults()
	if k != (Keepalive{Time: 10 * time.Second, Timeout: 10 * time.Second}) {
		t.Errorf("%+v", k)
	}
}

func TestSettings(t *testing.T) {
	f := func(compression string, multi bool, want pipeline.Passthrough) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.Compression, cfg.GzipMultiMember = compression, multi
		s := cfg.Settings()
		if s.Passthrough != want || s.MaxRequestBytes != 64<<20 || s.Timeout != 5*time.Second || s.Retry != cfg.RetryOnFailure || s.Queue != cfg.SendingQueue {
			t.Errorf("%s, %t: %+v", compression, multi, s)
		}
	}
	f("gzip", false, pipeline.PassLone)
	f("gzip", true, pipeline.PassAll)
	f("none", false, pipeline.PassNone)
	f("none", true, pipeline.PassNone)
	f("", true, pipeline.PassNone)
	f("zstd", true, pipeline.PassNone)
}

// What is divided cannot be kept compressed.
func TestSettingsOfConsistentHash(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Balance.Policy = "consistent_hash"
	if s := cfg.Settings(); s.Passthrough != pipeline.PassNone {
		t.Errorf("%+v", s)
	}
}

func TestAt(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Endpoint, cfg.Balance.Policy, cfg.Authority = "dns://backend.example.org:4317", "random", "tenant"
	one := cfg.At("192.0.2.1:4317")
	if err := one.Validate(); err != nil {
		t.Error(err)
	}
	if one.Endpoint != "192.0.2.1:4317" || one.TLS.ServerName != "backend.example.org" || one.Authority != "tenant" {
		t.Errorf("%+v", one)
	}
	cfg.TLS.ServerName = "other.example.org"
	if one := cfg.At("192.0.2.1:4317"); one.TLS.ServerName != "other.example.org" {
		t.Errorf("%+v", one)
	}
}

func TestSendsHeadersButNeverShowsThem(t *testing.T) {
	b := start(t, nil)
	cfg := b.config()
	cfg.Headers = map[string]secret.Text{"Authorization": "Bearer hunter2", "x-scope": "team a"}
	cfg.UserAgent = "shop/1.0"
	cfg.Authority = "tenant.test"
	e, _ := b.exporter(t, cfg)
	if _, err := e.Export(t.Context(), batchOf(1)); err != nil {
		t.Fatal(err)
	}
	md := b.received()[0].metadata
	f := func(name, want string) {
		t.Helper()
		if got := md.Get(name); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	f("authorization", "Bearer hunter2")
	f("x-scope", "team a")
	f("user-agent", "shop/1.0")
	f(":authority", "tenant.test")
	f("content-type", "application/grpc")
	f("grpc-accept-encoding", "gzip,zstd")
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if text := fmt.Sprintf(verb, cfg); strings.Contains(text, "hunter2") {
			t.Errorf("%s shows %s", verb, text)
		}
	}
}

func TestIntroducesItself(t *testing.T) {
	b := start(t, nil)
	e, _ := b.exporter(t, b.config())
	if _, err := e.Export(t.Context(), batchOf(1)); err != nil {
		t.Fatal(err)
	}
	if got := b.received()[0].metadata.Get("user-agent"); len(got) != 1 || !strings.HasPrefix(got[0], "otlpctl/") {
		t.Errorf("%q", got)
	}
}

func TestConnectionsTakeTurns(t *testing.T) {
	b := startTCP(t, nil)
	cfg := b.config()
	cfg.Connections = 3
	e, _ := b.exporter(t, cfg)
	for range 9 {
		if _, err := e.Export(t.Context(), batchOf(1)); err != nil {
			t.Fatal(err)
		}
	}
	used := map[string]int{}
	for _, c := range b.received() {
		used[c.from]++
	}
	if counts := slices.Sorted(maps.Values(used)); !slices.Equal(counts, []int{3, 3, 3}) {
		t.Errorf("%v", used)
	}
}

func TestSendsToASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otlp.sock")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Skipf("no unix sockets: %v", err)
	}
	b := startOn(t, listener, nil)
	cfg := b.config()
	cfg.Endpoint = "unix://" + path
	if err := attempt(t, cfg); err != nil {
		t.Fatal(err)
	}
}

func TestAllSignalsButThoseTheBackendLacks(t *testing.T) {
	b := start(t, nil)
	e, _ := b.exporter(t, b.config())
	f := func(sig wire.Signal, encoded []byte) error {
		_, err := e.Export(t.Context(), exporttest.Batch(sig, 1, pipeline.Part{Data: mem.SliceBuffer(encoded)}))
		return err
	}
	for sig, encoded := range map[wire.Signal][]byte{
		wire.Traces: otlptest.Encode(otlptest.Traces(1)), wire.Metrics: otlptest.Encode(otlptest.Metrics(1)), wire.Logs: otlptest.Encode(otlptest.Logs(1)),
	} {
		if err := f(sig, encoded); err != nil {
			t.Errorf("%s: %v", sig, err)
		}
	}
	if err := f(wire.Profiles, []byte("\x0a\x00")); !rejected(err) {
		t.Errorf("profiles: %v", err)
	}
}

func TestClosesUnusedConnections(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Endpoint = "127.0.0.1:1"
	e, err := New(cfg, new(buftest.Pool), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}
