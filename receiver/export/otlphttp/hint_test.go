package otlphttp

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

func TestErrorsNameTheNextStep(t *testing.T) {
	notFound := say(http.StatusNotFound, "404 page not found", "Content-Type", "text/plain; charset=utf-8")
	plain, _ := startTCP(t, notFound, (*httptest.Server).Start)
	secure, server := startTCP(t, notFound, (*httptest.Server).StartTLS)
	mutual := func(version uint16) string {
		b, _ := startTCP(t, notFound, func(s *httptest.Server) {
			s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: version, MaxVersion: version}
			s.StartTLS()
		})
		return b.url
	}
	f := func(what string, change func(*Config), again bool, want ...string) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.TLS.CAPEM = caPEM(server)
		change(&cfg)
		e, _ := plain.exporter(cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := e.Export(ctx, batchOf(1))
		if _, ok := retryable(err); ok != again || err == nil {
			t.Errorf("%s: retryable is %t: %v", what, ok, err)
			return
		}
		for _, part := range append(want, "export to http") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: want %q in %q", what, part, err)
			}
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q", what, err)
		}
	}
	to := func(url string) func(*Config) { return func(c *Config) { c.Endpoint = url } }
	with := func(url, old, scheme string) func(*Config) {
		return to(strings.Replace(url, old, scheme+"user:hunter2@", 1) + "?key=hunter2")
	}
	f("TLS to plain", with(plain.url, "http://", "https://"), true, "write http:// in the endpoint")
	f("plain to TLS", with(secure.url, "https://", "http://"), false, "HTTP 400", "write https:// in the endpoint")
	f("unknown authority", func(c *Config) { c.Endpoint, c.TLS.CAPEM = secure.url, "" }, true, "set tls.ca_file")
	f("other name", func(c *Config) { c.Endpoint, c.TLS.ServerName = secure.url, "backend.test" }, true, "set tls.server_name_override")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		endpoint := mutual(version)
		f("client certificate", func(c *Config) { c.Endpoint, c.TLS.CAPEM, c.TLS.InsecureSkipVerify = endpoint, "", true }, true, "set tls.cert_file and tls.key_file")
	}
	f("not found", with(plain.url, "http://", "http://"), false, "HTTP 404 Not Found: 404 page not found", "/v1/traces, is appended")
	f("nobody there", to("http://127.0.0.1:1"), true, "connection refused")
	f("proxy not there", func(c *Config) { c.Endpoint, c.ProxyURL = "http://backend.test", "http://user:hunter2@127.0.0.1:1" }, true, "proxyconnect")

	serveGRPC := func(options ...grpc.ServerOption) string {
		listener := httptest.NewUnstartedServer(nil).Listener
		server := grpc.NewServer(options...)
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = server.Serve(listener)
		}()
		t.Cleanup(func() {
			server.Stop()
			<-served
		})
		return listener.Addr().String()
	}
	f("gRPC", to("http://"+serveGRPC()), true, "use the otlp exporter")
	credential := credentials.NewTLS(&tls.Config{Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS12})
	f("gRPC with TLS", to("https://"+serveGRPC(grpc.Creds(credential))), false, "HTTP 415", "use the otlp exporter")

	answers := func(a answer) func(*Config) {
		b, _ := startTCP(t, a, (*httptest.Server).Start)
		return to(b.url)
	}
	f("too large", answers(say(http.StatusRequestEntityTooLarge, "")), false, "send_batch_max_size")
	f("page", answers(say(http.StatusForbidden, "<html>sign in</html>")), false, "HTTP 403 Forbidden")
}

// Redirects that could lose data or give the headers away are answers.
func TestRedirects(t *testing.T) {
	f := func(status int, location string, followed bool) {
		t.Helper()
		b := start(t, func(w http.ResponseWriter, _ int, c *call) {
			if c.path == "/v1/traces" {
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			}
		})
		e, pool := b.exporter(b.config())
		_, err := e.Export(t.Context(), batchOf(3))
		calls := b.received()
		if followed {
			if err != nil || len(calls) != 2 || string(calls[0].decoded) != string(calls[1].decoded) {
				t.Errorf("%d to %s: %d requests, %v", status, location, len(calls), err)
			}
			pool.AllFreed(t)
			return
		}
		if !rejected(err) || len(calls) != 1 || !strings.Contains(err.Error(), "the backend redirects to http") {
			t.Errorf("%d to %s: %d requests, %v", status, location, len(calls), err)
		}
	}
	f(http.StatusTemporaryRedirect, "/v1/traces/", true)
	f(http.StatusPermanentRedirect, "http://backend.test:9999/in", true)
	f(http.StatusPermanentRedirect, "http://elsewhere.test:4318/in", false)
	f(http.StatusMovedPermanently, "/v1/traces/", false)
	f(http.StatusFound, "/v1/traces/", false)
	f(http.StatusSeeOther, "/v1/traces/", false)

	b := start(t, nil)
	b.answer = func(w http.ResponseWriter, _ int, c *call) {
		w.Header().Set("Location", c.path+"x")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	e, _ := b.exporter(b.config())
	if _, err := e.Export(t.Context(), batchOf(1)); !rejected(err) || len(b.received()) != mostRedirects {
		t.Errorf("%d redirects: %v", len(b.received()), err)
	}
}
