package image

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

func TestRegistryErrorsHaveHints(t *testing.T) {
	ref, err := parseReference("example.com/a:1", false)
	if err != nil {
		t.Fatal(err)
	}
	f := func(doing string, err error, want string) {
		t.Helper()
		got := explainRegistry(doing, ref, fmt.Errorf("wrapped: %w", err))
		hint := got.(interface{ Hint() string }).Hint()
		if !strings.Contains(hint, want) || hint == "" || !strings.HasPrefix(got.Error(), doing+" example.com/a:1: ") {
			t.Errorf("%v: hint %q, want %q in it", got, hint, want)
		}
	}
	status := func(code int) error { return &transport.Error{StatusCode: code} }
	f("push", status(http.StatusUnauthorized), "docker login example.com")
	f("push", status(http.StatusNotFound), "create the repository a")
	f("pull", status(http.StatusNotFound), "check the name")
	f("pull", status(http.StatusTooManyRequests), "limit on requests")
	f("push", status(http.StatusBadGateway), "the fault is the registry's")
	f("push", errPlainHTTP, "--insecure")
	f("push", errors.Join(syscall.ECONNREFUSED, errPlainHTTP), "nothing listens") // by neither
	f("push", &net.DNSError{Name: "example.com"}, "does this machine know it")
	f("push", &net.OpError{Op: "dial", Err: timeoutError{}}, "firewall")
}

type timeoutError struct{}

func (timeoutError) Error() string { return "i/o timeout" }
func (timeoutError) Timeout() bool { return true }

func TestPlainHTTPIsForThisMachine(t *testing.T) {
	f := func(url string, insecure, want bool) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		sent := false
		base := roundTripper(func(*http.Request) (*http.Response, error) {
			sent = true
			return &http.Response{Body: http.NoBody}, nil
		})
		if answer, err := (guarded{base, insecure}).RoundTrip(q); err == nil {
			_ = answer.Body.Close()
		}
		if sent != want {
			t.Errorf("%s, insecure %v: sent is %v, want %v", url, insecure, sent, want)
		}
	}
	f("http://localhost:5000/v2/", false, true)
	f("http://127.1.2.3:5000/v2/", false, true)
	f("http://[::1]:5000/v2/", false, true)
	f("https://registry.example.com/v2/", false, true)
	f("http://10.0.0.1:5000/v2/", false, false)
	f("http://registry.local/v2/", false, false)
	f("http://localhost.example.com/v2/", false, false)
	f("http://10.0.0.1:5000/v2/", true, true)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(q *http.Request) (*http.Response, error) { return r(q) }

func TestTags(t *testing.T) {
	f := func(texts, want string) {
		t.Helper()
		got, err := ParseTags(strings.Fields(texts))
		text := strings.Join(got, " ")
		if err != nil {
			text = err.Error()
		}
		if !strings.HasPrefix(text, want) || want == "" {
			t.Errorf("%s: %s, want %s", texts, text, want)
		}
	}
	f("a", "a:latest")
	f("a:1 a:1 a", "a:1 a:latest")
	f("localhost:5000/a", "localhost:5000/a:latest")
	f("localhost:5000/a:5000", "localhost:5000/a:5000")
	f("A", `"A" is no name of an image`)
	f("a:", `"a:" is no name of an image`)
	f("a@sha256:"+strings.Repeat("0", 64), `"a@sha256:`)
	if got := DefaultTags("v1.0.0+dirty"); strings.Join(got, " ") != "otlpctl:v1.0.0-dirty otlpctl:latest" {
		t.Errorf("default tags %v", got)
	}
}

func TestPlaces(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var p Place
		got := "ok"
		if err := p.Set(text); err != nil {
			got = err.Error()
		} else if p.String() != text {
			t.Errorf("%s is written %s", text, p.String())
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	f("oci:some/dir", "ok")
	f("docker-archive:C:/x.tar", "ok")
	f("registry", "ok")
	f("engine", "ok")
	f("oci", "oci needs a path: oci:PATH")
	f("docker-archive:", "docker-archive needs a path: docker-archive:PATH")
	f("registry:example.com/a", "registry takes no path: --tag says where the image belongs")
	f("tar:x", "want docker-archive:PATH, oci:DIR, registry or engine")
}
