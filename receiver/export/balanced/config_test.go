package balanced

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/balance"
)

func TestNamed(t *testing.T) {
	f := func(endpoint string, want bool) {
		t.Helper()
		if got := Named(endpoint); got != want {
			t.Errorf("%s: %t", endpoint, got)
		}
	}
	f("consul:///otlp-receiver", true)
	f("consul://127.0.0.1:8500/otlp-receiver?tag=grpc", true)
	f("etcd://a:2379,b:2379/services/otlp", true)
	f("eureka://a:8761/OTLP", true)
	f("kubernetes:///otel/gateway:otlp-grpc", true)
	f("static://a:4317,b:4317", true)
	f("dns://backend:4317", true)
	f("dns://_otlp._tcp.example.org?type=srv", true)
	f("dns://backend:4317?server=a/b", true)
	f("dns:///backend:4317", false)
	f("dns://10.0.0.53/backend:4317", false)
	f("backend:4317", false)
	f("https://backend:4317", false)
	f("unix:///run/otlp.sock", false)
	f("xds:///backend", false)
}

func TestServerName(t *testing.T) {
	for endpoint, want := range map[string]string{
		"dns://backend.example.org:4317": "backend.example.org", "dns://[::1]:4317": "::1",
		"dns://_otlp._tcp.example.org?type=srv": "", "dns://x.example.org:1?type=srv": "", "consul://a:8500/x": "",
	} {
		if got := ServerName(endpoint); got != want {
			t.Errorf("%s: %q, want %q", endpoint, got, want)
		}
	}
}

func TestValidate(t *testing.T) {
	f := func(endpoint string, change func(*Config), want string) {
		t.Helper()
		c := DefaultConfig()
		if change != nil {
			change(&c)
		}
		err := c.Validate()
		if err == nil {
			err = c.Check(endpoint)
		}
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("got %v, want %q", err, want)
		case err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("a secret shows: %v", err)
		}
	}
	random := func(c *Config) { c.Policy = balance.Random }
	f("consul:///x", random, "")
	f("backend:4317", nil, "")
	f("backend:4317", random, "balance: works only with an endpoint that names a service")
	f("consul://:hunter2@agent:8500/x", nil, "endpoint: has a user or token before @")
	f("consul:///x?q=a@b", nil, "")
	f("consul:///x", func(c *Config) { c.Policy = "quick" }, `policy: "quick" is not known`)
	f("consul:///x", func(c *Config) { c.HashKey = "span_id" }, `hash_key: "span_id" is not known: use trace_id or resource`)
}
