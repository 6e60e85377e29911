package consul

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
)

// clearEnv takes the variables of whoever runs the tests away.
func clearEnv(t *testing.T) {
	for _, name := range []string{"ADDR", "TOKEN", "TOKEN_FILE", "AUTH", "SSL", "SSL_VERIFY"} {
		t.Setenv("CONSUL_HTTP_"+name, "")
	}
	for _, name := range []string{"CACERT", "CAPATH", "CLIENT_CERT", "CLIENT_KEY", "TLS_SERVER_NAME", "NAMESPACE", "PARTITION"} {
		t.Setenv("CONSUL_"+name, "")
	}
}

func TestConfigure(t *testing.T) {
	f := func(url string, env map[string]string, want string) {
		t.Helper()
		clearEnv(t)
		for name, value := range env {
			t.Setenv(name, value)
		}
		target, err := registry.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		c, err := configure(target)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			return
		}
		got := strings.Join([]string{c.Scheme, c.Address, c.Datacenter, c.Namespace, c.Partition}, " ")
		if got != want {
			t.Errorf("%s with %v: %q, want %q", url, env, got, want)
		}
	}
	f("consul:///otlp", nil, "http localhost:8500   ")
	f("consul:///otlp", map[string]string{"CONSUL_HTTP_ADDR": "h:1", "CONSUL_HTTP_SSL": "true"}, "https h:1   ")
	f("consul:///otlp", map[string]string{"CONSUL_NAMESPACE": "n", "CONSUL_PARTITION": "p"}, "http localhost:8500  n p")
	f("consul://g/otlp?dc=d&ns=m&partition=q", map[string]string{"CONSUL_HTTP_ADDR": "h:1", "CONSUL_NAMESPACE": "n"}, "http g:8500 d m q")
	f("consul://g:2/otlp?tls=true", nil, "https g:2   ")
	f("consul://g:2/otlp?tls=false", map[string]string{"CONSUL_HTTP_SSL": "1"}, "http g:2   ")
}

func TestOpenRefuses(t *testing.T) {
	f := func(url string, env map[string]string, want string) {
		t.Helper()
		clearEnv(t)
		for name, value := range env {
			t.Setenv(name, value)
		}
		target, err := registry.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = Open(target); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s with %v: %v, want %q", url, env, err, want)
		}
	}
	f("consul://h", nil, "the path is to be the name of one service")
	f("consul://h/a/b", nil, "the path is to be the name of one service")
	f("consul://h,g/a", nil, "there is one agent, not 2")
	f("consul://h:x/a", nil, `"h:x" is not host:port`)
	f("consul://h/a?passing=yes", nil, "passing=yes: want true or false")
	f("consul://h/a?near=x", nil, `no parameter "near"`)
	f("consul://h/a", map[string]string{"CONSUL_HTTP_SSL": "maybe"}, "CONSUL_HTTP_SSL=maybe: want true or false")
	f("consul://h/a", map[string]string{"CONSUL_CACERT": "/nowhere/ca.pem"}, "/nowhere/ca.pem")
	f("consul:///a", map[string]string{"CONSUL_HTTP_ADDR": "ftp://h"}, "unknown protocol scheme: ftp")
}

func TestShown(t *testing.T) {
	f := func(address, want string) {
		t.Helper()
		if got := shown(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
	f("h:8500", "h:8500")
	f("https://user:hush@h:8500", "h:8500")
	f("unix:///run/consul.sock", "/run/consul.sock")
}
