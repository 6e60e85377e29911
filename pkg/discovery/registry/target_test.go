package registry

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	f := func(url, hosts, path, query string) {
		t.Helper()
		got, err := Parse(url)
		if err != nil || strings.Join(got.Hosts, " ") != hosts || got.Path != path || got.Query.Encode() != query {
			t.Errorf("%s: %q %q %q, %v; want %q %q %q", url, got.Hosts, got.Path, got.Query.Encode(), err, hosts, path, query)
		}
	}
	f("consul://127.0.0.1:8500/otlp?tag=a&tag=b", "127.0.0.1:8500", "otlp", "tag=a&tag=b")
	f("consul:///otlp", "", "otlp", "")
	f("CONSUL://h", "h", "", "")
	f("etcd://a:1,[::1]:2,c/services/otlp?zone=x%26y", "a:1 [::1]:2 c", "services/otlp", "zone=x%26y")
	f("kubernetes:///ns/svc:grpc", "", "ns/svc:grpc", "")
	f("consul:///a%20b?", "", "a b", "")
}

// secret is what no error may repeat.
const secret = "hush"

func TestBadURLs(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		target, err := Parse(url)
		if err == nil {
			err = target.Allow("passing")
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", url, err, want)
			return
		}
		hint, ok := errors.AsType[interface {
			error
			Hint() string
		}](err)
		if strings.Contains(err.Error(), secret) || ok && strings.Contains(hint.Hint(), secret) {
			t.Errorf("%s: the secret is in %v", url, err)
		}
	}
	f("otlp-receiver", "no URL")
	f("127.0.0.1:8500/otlp", "no URL")
	f("://x", "no URL")
	f("consul://token:hush@h/otlp", "no place for a user, a password or a token")
	f("etcd://hush@h/otlp", "no place for")
	f("consul://h/otlp?token=hush", "no place for")
	f("eureka://h/otlp?Password=hush", "no place for")
	f("consul://h/otlp?tok=hush", `no parameter "tok"`)
	f("consul://h/otlp?zone=hush&zone=b", "zone is there twice")
	f("consul://h/otlp?a=%zz", "what follows the path")
	f("consul://h/otlp#hush", "what follows the path")
	f("consul://h/%zz", "the path")
}

func TestAddr(t *testing.T) {
	f := func(text, fallback, want string) {
		t.Helper()
		got, err := Addr(text, fallback)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s, %s: %q, %v, want %q", text, fallback, got, err, want)
		}
	}
	f("h:1", "", "h:1")
	f("h", "8500", "h:8500")
	f("h", "", "")
	f("[::1]:1", "", "[::1]:1")
	f("[::1]", "8500", "[::1]:8500")
	f("::1", "8500", "")
	f("h:", "8500", "")
	f(":1", "8500", "")
	f("h:otlp", "", "")
	f("h:http", "", "")
	f("h:0", "", "")
	f("h:65536", "", "")
	f("", "8500", "")
	f("[a:b]:1", "", "")
	f("a/b:1", "", "")
	f("a b:1", "", "")
	f("[fe80::1%eth0]:1", "", "[fe80::1%eth0]:1")
	f("_otlp.a-b.example.:1", "", "_otlp.a-b.example.:1")
}

func TestFlag(t *testing.T) {
	f := func(query string, def, want, ok bool) {
		t.Helper()
		target, err := Parse("consul:///x?" + query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := target.Flag("tls", def)
		if got != want || (err == nil) != ok {
			t.Errorf("%s: %v, %v", query, got, err)
		}
	}
	f("", true, true, true)
	f("", false, false, true)
	f("tls=false", true, false, true)
	f("tls=true", false, true, true)
	f("tls=1", false, false, false)
}
