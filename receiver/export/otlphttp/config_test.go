package otlphttp

import (
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http/httptest"
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

// caPEM returns the certificate of a server with TLS, which signs itself.
func caPEM(s *httptest.Server) string {
	if s.Certificate() == nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func TestValidate(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.Endpoint = "http://backend:4318"
		change(&cfg)
		err := cfg.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("want %q, got %v", want, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret is shown: %v", err)
		}
	}
	endpoint := func(text string) func(*Config) { return func(c *Config) { c.Endpoint = text } }
	f(endpoint("https://user:hunter2@backend/base/"), "")
	f(endpoint(""), "endpoint: is missing")
	f(endpoint("backend:4318"), "endpoint: is no URL")
	f(endpoint("ftp://user:hunter2@backend"), "endpoint: is no URL")
	f(endpoint("http://"), "endpoint: is no URL")
	f(endpoint("http://backend/%zz?key=hunter2"), "endpoint: is no URL")
	f(endpoint("http://backend/#top"), "endpoint: has a fragment")
	f(func(c *Config) { c.Endpoint, c.LogsEndpoint = "", "http://backend/logs" }, "")
	f(endpoint("consul:///otlp-receiver?tag=http"), "")
	f(endpoint("dns:///backend:4318"), "endpoint: is in the form of gRPC: write dns://host:port")
	f(endpoint("consul://:hunter2@127.0.0.1:8500/otlp"), "endpoint: has a user or token before @")
	f(func(c *Config) { c.Endpoint, c.LogsEndpoint = "", "consul:///otlp-receiver" }, "logs_endpoint: is a service's name, which only endpoint can be")
	f(func(c *Config) { c.Endpoint, c.LogsEndpoint = "consul:///otlp-receiver", "http://backend/logs" }, "logs_endpoint: cannot be set beside an endpoint that names a service")
	f(func(c *Config) { c.Balance.Zone = "a" }, "balance: works only with an endpoint that names a service")
	f(func(c *Config) { c.LogsEndpoint = "backend/logs" }, "logs_endpoint: is no URL")
	f(func(c *Config) { c.Encoding = "xml" }, `encoding: "xml" is not known: use proto or json`)
	f(func(c *Config) { c.Compression = "deflate" }, `compression: "deflate" is not supported: use gzip, zstd or none`)
	f(func(c *Config) { c.CompressionParams.Level = 9 }, "")
	f(func(c *Config) { c.CompressionParams.Level = 10 }, "compression_params.level: gzip has no level 10")
	f(func(c *Config) { c.Compression, c.CompressionParams.Level = "none", 1 }, "compression_params.level: identity has no level 1")
	f(func(c *Config) { c.ProxyURL = "http://user:hunter2@proxy:3128" }, "")
	f(func(c *Config) { c.ProxyURL = "proxy" }, "proxy_url: is no URL")
	f(func(c *Config) { c.ProxyURL = "ftp://user:hunter2@proxy" }, `proxy_url: has the scheme "ftp"`)
	header := func(name string, value secret.Text) func(*Config) {
		return func(c *Config) { c.Headers = map[string]secret.Text{name: value} }
	}
	f(header("Authorization", "Bearer hunter2"), "")
	f(header("Content-Encoding", "br"), "headers.Content-Encoding: Content-Encoding is the exporter's to set")
	f(header("two words", "x"), "headers.two words: is no valid name")
	f(header("x-team", "hunter2\n"), "headers.x-team: the value has characters")
}

func TestAt(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.Endpoint, cfg.Balance.Policy = "consul:///otlp-receiver", "random"
		change(&cfg)
		one := cfg.At("192.0.2.1:4318")
		if err := one.Validate(); err != nil || one.Endpoint != want {
			t.Errorf("got %s, want %s: %v", one.Endpoint, want, err)
		}
	}
	f(func(*Config) {}, "https://192.0.2.1:4318")
	f(func(c *Config) { c.TLS.Insecure = true }, "http://192.0.2.1:4318")
	f(func(c *Config) { c.TLS.Insecure, c.TLS.CAFile = true, "ca.pem" }, "https://192.0.2.1:4318")
	f(func(c *Config) { c.TLS.InsecureSkipVerify = true }, "https://192.0.2.1:4318")
}

// The defaults that a configuration made for the Collector counts on.
func TestDefaultsAreTheCollectors(t *testing.T) {
	c := DefaultConfig()
	if c.Compression != "gzip" || c.Encoding != "proto" || c.Timeout != 30*time.Second || c.WriteBufferSize != 512<<10 ||
		c.MaxIdleConns != 100 || c.IdleConnTimeout != 90*time.Second || !c.ForceAttemptHTTP2 || c.GzipMultiMember {
		t.Errorf("%+v", c)
	}
	if c.SendingQueue != pipeline.DefaultQueueConfig() || c.RetryOnFailure != pipeline.DefaultRetryConfig() {
		t.Errorf("%+v", c)
	}
}

func TestSettings(t *testing.T) {
	f := func(compression string, multi bool, want pipeline.Passthrough) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.Compression, cfg.GzipMultiMember = compression, multi
		s := cfg.Settings()
		if s.Passthrough != want || s.Timeout != 30*time.Second || s.Retry != cfg.RetryOnFailure || s.Queue != cfg.SendingQueue {
			t.Errorf("%s, %t: %+v", compression, multi, s)
		}
	}
	f("gzip", false, pipeline.PassLone)
	f("gzip", true, pipeline.PassAll)
	f("none", true, pipeline.PassNone)
	f("zstd", true, pipeline.PassNone)
}

func TestURLs(t *testing.T) {
	f := func(sig wire.Signal, change func(*Config), want string) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.Endpoint = "http://backend:4318"
		change(&cfg)
		u, err := cfg.url(sig)
		if err != nil || fmt.Sprint(u) != want {
			t.Errorf("want %s, got %v, %v", want, u, err)
		}
		if problem := cfg.Lacks(sig); (problem == "") != (u != nil) {
			t.Errorf("%s: %s", want, problem)
		}
	}
	endpoint := func(text string) func(*Config) { return func(c *Config) { c.Endpoint = text } }
	f(wire.Traces, endpoint("http://backend:4318"), "http://backend:4318/v1/traces")
	f(wire.Metrics, endpoint("http://backend:4318/"), "http://backend:4318/v1/metrics")
	f(wire.Logs, endpoint("https://backend/otlp/"), "https://backend/otlp/v1/logs")
	f(wire.Profiles, endpoint("https://backend/otlp"), "https://backend/otlp/v1development/profiles")
	f(wire.Logs, endpoint("https://backend/a%2Fb?key=1"), "https://backend/a%2Fb/v1/logs?key=1")
	f(wire.Logs, func(c *Config) { c.LogsEndpoint = "https://logs/in?key=1" }, "https://logs/in?key=1")
	f(wire.Traces, func(c *Config) { c.LogsEndpoint = "https://logs/in" }, "http://backend:4318/v1/traces")
	f(wire.Metrics, func(c *Config) { c.MetricsEndpoint = "https://metrics" }, "https://metrics")
	f(wire.Traces, func(c *Config) { c.TracesEndpoint = "https://traces" }, "https://traces")
	f(wire.Profiles, func(c *Config) { c.ProfilesEndpoint = "https://profiles" }, "https://profiles")
	f(wire.Traces, func(c *Config) { c.Endpoint, c.LogsEndpoint = "", "https://logs/in" }, "<nil>")
}

func TestRefusesASignalWithoutEndpoint(t *testing.T) {
	cfg := DefaultConfig()
	cfg.LogsEndpoint = "http://logs"
	if problem := cfg.Lacks(wire.Traces); problem != "is missing, and so is traces_endpoint: one of them must be set to send traces" {
		t.Error(problem)
	}
	e, err := New(cfg, new(buftest.Pool), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Export(t.Context(), batchOf(1)); err == nil || err.Error() != "no endpoint is configured for traces" {
		t.Error(err)
	}
}

func TestSendsHeadersButNeverShowsThem(t *testing.T) {
	b := start(t, nil)
	cfg := b.config()
	cfg.Headers = map[string]secret.Text{"authorization": "Bearer hunter2", "host": "tenant.test", "User-Agent": "shop/1.0"}
	e, _ := b.exporter(cfg)
	for sig, encoded := range map[wire.Signal][]byte{
		wire.Traces: otlptest.Encode(otlptest.Traces(1)), wire.Metrics: otlptest.Encode(otlptest.Metrics(1)), wire.Logs: otlptest.Encode(otlptest.Logs(1)),
	} {
		if _, err := e.Export(t.Context(), exporttest.Batch(sig, 1, pipeline.Part{Data: mem.SliceBuffer(encoded)})); err != nil {
			t.Fatal(err)
		}
		c := b.received()[len(b.received())-1]
		if c.path != sig.Path() || c.host != "tenant.test" || c.header.Get("Authorization") != "Bearer hunter2" || c.header.Get("User-Agent") != "shop/1.0" {
			t.Errorf("%s %s %v", c.path, c.host, c.header)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if text := fmt.Sprintf(verb, cfg); strings.Contains(text, "hunter2") {
			t.Errorf("%s shows %s", verb, text)
		}
	}
}

func TestIntroducesItself(t *testing.T) {
	b := start(t, nil)
	e, _ := b.exporter(b.config())
	if _, err := e.Export(t.Context(), batchOf(1)); err != nil {
		t.Fatal(err)
	}
	if got := b.received()[0].header.Get("User-Agent"); !strings.HasPrefix(got, "otlpctl/") {
		t.Errorf("%q", got)
	}
}
