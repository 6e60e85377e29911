package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func TestHealthURL(t *testing.T) {
	f := func(endpoint, want string) {
		t.Helper()
		got, err := healthURL(endpoint)
		if err != nil || got != want {
			t.Errorf("healthURL(%q) = %q, %v, want %q", endpoint, got, err, want)
		}
	}
	f("127.0.0.1:8888", "http://127.0.0.1:8888/health")
	f("gateway:8888", "http://gateway:8888/health")
	f("[::1]:8888", "http://[::1]:8888/health")
	f("https://gateway", "https://gateway/health")
	f("http://gateway:8888/", "http://gateway:8888/health")
	f("http://gateway:8888/ready?verbose", "http://gateway:8888/ready?verbose")
	// A listener's address as it stands in the configuration.
	f("0.0.0.0:8888", "http://127.0.0.1:8888/health")
	f("[::]:8888", "http://127.0.0.1:8888/health")
	f(":8888", "http://127.0.0.1:8888/health")
	f("http://0.0.0.0/ready", "http://127.0.0.1/ready")

	bad := func(endpoint string) {
		t.Helper()
		if got, err := healthURL(endpoint); err == nil {
			t.Errorf("healthURL(%q) = %q, want an error", endpoint, got)
		}
	}
	bad("")
	bad("8888")
	bad("gateway")
	bad("gateway:http:80")
	bad("gateway:eighty")
	bad("unix:///run/otlpctl.sock")
	bad("http://[::1")
}

func TestHealth(t *testing.T) {
	f := func(answer http.HandlerFunc, code int, stdout, stderr string) {
		t.Helper()
		server := httptest.NewServer(answer)
		defer server.Close()
		var out, err bytes.Buffer
		s := term.Plain(strings.NewReader(""), &out, &err)
		got := Main([]string{"health", "--endpoint", server.URL, "--timeout", "200ms"}, s)
		if got != code || out.String() != stdout {
			t.Errorf("exit code %d, stdout %q, want %d, %q", got, out.String(), code, stdout)
		}
		if want := strings.ReplaceAll(stderr, "URL", server.URL+"/health"); err.String() != want {
			t.Errorf("stderr %q, want %q", err.String(), want)
		}
	}
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	f(answer(200, "anything"), 0, "healthy\n", "")
	f(answer(503, "draining\nsince 3s\n"), 1, "", "error: URL answered 503 Service Unavailable: draining since 3s\n")
	f(answer(404, ""), 1, "", "error: URL answered 404 Not Found\n")
	f(answer(302, ""), 1, "", "error: URL answered 302 Found\n")
	f(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 1, "",
		"error: ask URL: no answer within 200ms\n"+
			"hint: check that otlpctl serve is running and that --endpoint is its admin endpoint\n")
}
