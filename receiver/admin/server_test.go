package admin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/secret"
	"github.com/otlpctl/otlpctl/receiver/internal/socket"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// serve runs s until the test ends or stop is called, which returns Run's error.
func serve(t *testing.T, s *Server) (stop func() error) {
	t.Helper()
	if err := s.Listen(t.Context(), socket.Listen); err != nil {
		t.Fatal(err)
	}
	s.Take()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		if !stopped {
			_ = stop()
		}
	})
	return stop
}

func local() Config { return Config{Endpoint: "127.0.0.1:0"} }

// get returns the status code and the body of an answer.
func get(t *testing.T, client *http.Client, method, url string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestServer(t *testing.T) {
	s, err := New(local(), deps(fixed{}))
	if err != nil {
		t.Fatal(err)
	}
	if s.Addr() != "127.0.0.1:0" {
		t.Errorf("address %s", s.Addr())
	}
	stop := serve(t, s)
	url := "http://" + s.Addr()
	if code, body := get(t, http.DefaultClient, http.MethodGet, url+"/health"); code != 200 || !strings.Contains(body, `"status": "ok"`) {
		t.Errorf("%d: %s", code, body)
	}
	if code, body := get(t, http.DefaultClient, http.MethodHead, url+"/ready"); code != 200 || body != "" {
		t.Errorf("%d: %q", code, body)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr()); err == nil {
		_ = conn.Close()
		t.Error("the port is still open")
	}
}

// A profile takes longer than any other answer may.
func TestProfile(t *testing.T) {
	c := local()
	c.Pprof = true
	s, err := New(c, deps(fixed{}))
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s)
	code, body := get(t, http.DefaultClient, http.MethodGet, "http://"+s.Addr()+"/debug/pprof/trace?seconds=0.1")
	if code != 200 || !strings.HasPrefix(body, "go 1.") {
		t.Errorf("%d: %.20q", code, body)
	}
}

func TestMetricsServer(t *testing.T) {
	s := NewMetrics("127.0.0.1:0", deps(fixed{snapshot: example()}))
	serve(t, s)
	if code, body := get(t, http.DefaultClient, http.MethodGet, "http://"+s.Addr()+"/metrics"); code != 200 || !strings.Contains(body, nameUnexplained) {
		t.Errorf("%d: %s", code, body)
	}
	if code, _ := get(t, http.DefaultClient, http.MethodGet, "http://"+s.Addr()+"/status"); code != 404 {
		t.Error(code)
	}
}

// A client that does not read its answer delays the end by moments only.
func TestStopWithOpenConnections(t *testing.T) {
	s, err := New(local(), deps(fixed{}))
	if err != nil {
		t.Fatal(err)
	}
	stop := serve(t, s)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := stop(); err != nil || time.Since(began) > stopTimeout+time.Second {
		t.Errorf("ended after %s: %v", time.Since(began), err)
	}
}

func TestPortInUse(t *testing.T) {
	first, err := New(local(), deps(fixed{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Listen(t.Context(), socket.Listen); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.socket.Close() }()
	second := NewMetrics(first.Addr(), deps(fixed{}))
	err = second.Listen(t.Context(), socket.Listen)
	var listen *ListenError
	if !errors.As(err, &listen) || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(listen.Hint(), "readers") {
		t.Fatalf("error %v", err)
	}
	if want := "metrics server: listen on " + first.Addr() + ": "; !strings.HasPrefix(err.Error(), want) || strings.Count(err.Error(), first.Addr()) != 1 {
		t.Errorf("error %q", err)
	}
}

func TestTLS(t *testing.T) {
	// The certificate that the standard library has for tests.
	known := httptest.NewUnstartedServer(http.NotFoundHandler())
	known.StartTLS()
	defer known.Close()
	key, err := x509.MarshalPKCS8PrivateKey(known.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	c := local()
	c.TLS = &tlsconf.Server{Common: tlsconf.Common{
		CertPEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: known.Certificate().Raw})),
		KeyPEM:  secret.Text(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	}}
	s, err := New(c, deps(fixed{}))
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s)
	roots := x509.NewCertPool()
	roots.AddCert(known.Certificate())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}}
	if code, body := get(t, client, http.MethodGet, "https://"+s.Addr()+"/ready"); code != 200 || !strings.Contains(body, "ready") {
		t.Errorf("%d: %s", code, body)
	}
	c.TLS = &tlsconf.Server{Common: tlsconf.Common{CertFile: "missing.pem", KeyFile: "missing.key"}}
	if _, err := New(c, deps(fixed{})); err == nil || !strings.HasPrefix(err.Error(), "admin.tls: ") {
		t.Errorf("error %v", err)
	}
}
