package load

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

func TestTargetByEndpoint(t *testing.T) {
	f := func(endpoint string, protocol Protocol, plaintext bool) {
		t.Helper()
		target := Target{Endpoint: endpoint}
		if target.By() != protocol || target.Plaintext() != plaintext {
			t.Errorf("%s: %s, plain text %t; want %s, %t", endpoint, target.By(), target.Plaintext(), protocol, plaintext)
		}
		if err := target.Check(); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	f("", GRPC, true)
	f("localhost:4317", GRPC, true)
	f("127.0.0.2:5317", GRPC, true)
	f("[::1]:4318", HTTPProtobuf, true)
	f("gateway:4317", GRPC, false)
	f("gateway:4318", HTTPProtobuf, false)
	f("http://gateway:4317", GRPC, true)
	f("http://gateway:4317/", GRPC, true)
	f("https://gateway:4317", GRPC, false)
	f("https://gateway", HTTPProtobuf, false)
	f("http://gateway:4318/tenants/a?token=x", HTTPProtobuf, true)
	f("unix:///run/otlp.sock", GRPC, true)
	f("dns:///gateway:4317", GRPC, false)
	f("dns://gateway:4318", HTTPProtobuf, false)
	f("static://127.0.0.1:4317", GRPC, false)
	f("consul:///otlp?tag=grpc", GRPC, false)
	f("kubernetes:///telemetry/otlp:grpc", GRPC, false)
}

func TestTargetSecurity(t *testing.T) {
	on, off := true, false
	f := func(target Target, want bool) {
		t.Helper()
		if target.Plaintext() != want {
			t.Errorf("%+v: plain text %t", target, !want)
		}
	}
	f(Target{Endpoint: "gateway:4317", Insecure: &on}, true)
	f(Target{Endpoint: "localhost:4317", Insecure: &off}, false)
	f(Target{Endpoint: "http://gateway:4318", Insecure: &off}, true)
	f(Target{Endpoint: "https://gateway:4318", Insecure: &on}, false)
	f(Target{Endpoint: "localhost:4317", TLS: tlsconf.Client{InsecureSkipVerify: true}}, false)
	f(Target{Endpoint: "localhost:4317", TLS: tlsconf.Client{Common: tlsconf.Common{CAFile: "ca.pem"}}}, false)
	f(Target{Protocol: HTTPJSON}, true)
}

func TestTargetName(t *testing.T) {
	f := func(target Target, want string) {
		t.Helper()
		if got := target.Name(); got != want {
			t.Errorf("%q is shown as %q", target.Endpoint, got)
		}
	}
	f(Target{}, "localhost:4317")
	f(Target{Protocol: HTTPJSON}, "localhost:4318")
	f(Target{Endpoint: "https://me:hunter2@gateway/in?key=hunter2"}, "https://gateway/in")
	f(Target{Endpoint: "consul:///otlp?tag=x"}, "consul:///otlp")
}

func TestTargetCheck(t *testing.T) {
	f := func(want string, target Target) {
		t.Helper()
		err := target.Check()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", target.Endpoint, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", target.Endpoint, err)
		}
	}
	f("is not host:port", Target{Endpoint: "gateway"})
	f("no valid port", Target{Endpoint: "gateway:0"})
	f(`the scheme "ftp" is not known`, Target{Endpoint: "ftp://gateway"})
	f("has a path (/in), which gRPC does not use", Target{Endpoint: "http://gateway:4317/in"})
	f("ends with /v1/logs, which is appended", Target{Endpoint: "http://gateway:4318/v1/logs"})
	f("a Unix socket is for gRPC, not http/json", Target{Endpoint: "unix:///run/otlp.sock", Protocol: HTTPJSON})
	f("user or token", Target{Endpoint: "consul://me:hunter2@127.0.0.1/otlp"})
	f("headers.a b", Target{Headers: map[string]string{"a b": "hunter2"}})
	f("compression", Target{Compression: "lz4"})

	exact := Target{Endpoint: "http://gateway:4318/v1/logs", Exact: true}
	if err := exact.Check(); err != nil {
		t.Errorf("the whole URL of a signal: %v", err)
	}
}
