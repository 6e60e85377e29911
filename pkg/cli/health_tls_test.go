package cli

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/admin"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// secured is a server that wants a certificate of its clients, and its own in files.
func secured(t *testing.T) (server *httptest.Server, certFile, keyFile string) {
	t.Helper()
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return server, write("cert.pem", "CERTIFICATE", pair.Certificate[0]), write("key.pem", "PRIVATE KEY", key)
}

func TestHealthOverTLS(t *testing.T) {
	server, cert, key := secured(t)
	f := func(code int, want string, flags ...string) {
		t.Helper()
		var out bytes.Buffer
		got := Main(append([]string{"health", "--endpoint", server.URL}, flags...), term.Plain(strings.NewReader(""), &out, &out))
		if got != code || !strings.Contains(out.String(), want) {
			t.Errorf("%q ends with %d: %s", flags, got, out.String())
		}
	}
	f(exitOK, "healthy", "--ca-file", cert, "--cert-file", cert, "--key-file", key)
	f(exitFailed, "certificate signed by unknown authority", "--cert-file", cert, "--key-file", key)
	f(exitFailed, "certificate required", "--ca-file", cert)
	f(exitUsage, "no such file", "--ca-file", "nowhere.pem")
	f(exitUsage, "key", "--cert-file", cert)
}

// The health check of a receiver whose admin port has TLS: its certificate need not name the
// loopback, nor come from an authority that is known here.
func TestHealthOfOneself(t *testing.T) {
	server, cert, key := secured(t)
	var out bytes.Buffer
	own := admin.Config{
		Endpoint: strings.TrimPrefix(server.URL, "https://"),
		TLS:      &tlsconf.Server{Common: tlsconf.Common{CertFile: cert, KeyFile: key}},
	}
	if err := healthOf(t.Context(), term.Plain(strings.NewReader(""), &out, &out), own); err != nil {
		t.Error(err)
	}
}
