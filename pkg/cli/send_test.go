package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// serveNothing is a gRPC server that refuses every call with a code. It returns its host:port.
func serveNothing(t *testing.T, code codes.Code, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(append(options, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		return status.Error(code, "refused")
	}))...)
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

func serveStatus(t *testing.T, status int) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	return server
}

// What keeps telemetry from arriving comes with the next step, in words of the command line.
func TestSendHints(t *testing.T) {
	t.Setenv("TOKEN", "hunter2")
	mutual, cert, key := secured(t)
	mutualHost := strings.TrimPrefix(mutual.URL, "https://")
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	secureGRPC := serveNothing(t, codes.Unavailable, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: mutual.TLS.Certificates, MinVersion: tls.VersionTLS12,
	})))
	f := func(what, want, hint string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		code := Main(append([]string{"send"}, args...), term.Plain(strings.NewReader(""), &stdout, &stderr))
		if code != exitFailed || !strings.Contains(stdout.String(), "\t0\t") {
			t.Errorf("%s: exit code %d, stdout %q", what, code, stdout.String())
		}
		text := stderr.String()
		_, hinted, _ := strings.Cut(text, "hint: ")
		if !strings.Contains(text, want) || !strings.Contains(hinted, hint) || strings.Count("\n"+text, "\nerror: ") != 1 {
			t.Errorf("%s: want %q and the hint %q in\n%s", what, want, hint, text)
		}
		if strings.Contains(text, "hunter2") || strings.Contains(hinted, "tls.") || strings.Contains(hinted, "exporter") {
			t.Errorf("%s: %s", what, text)
		}
	}
	token := "authorization=Bearer ${env:TOKEN}"
	f("who, over gRPC", "Unauthenticated: refused", "-H 'authorization=Bearer", serveNothing(t, codes.Unauthenticated))
	f("who, over HTTP", "HTTP 401 Unauthorized", "-H 'authorization=Bearer", serveStatus(t, http.StatusUnauthorized).URL)
	f("a token that is refused", "PermissionDenied", "is the token right", serveNothing(t, codes.PermissionDenied), "-H", token)
	f("one that is refused over HTTP", "HTTP 403 Forbidden", "is the token right", serveStatus(t, http.StatusForbidden).URL, "-H", token)
	f("not found", "HTTP 404 Not Found", "is appended to ENDPOINT", serveStatus(t, http.StatusNotFound).URL)
	f("another port", "HTTP 405 Method Not Allowed", "is no port for OTLP", serveStatus(t, http.StatusMethodNotAllowed).URL)
	f("plain text to TLS", "HTTP 400", "write https:// in the endpoint", "http://"+mutualHost)
	f("plain text to TLS over gRPC", "Unavailable", "write https://", secureGRPC)
	f("an unknown authority", "unknown authority", "give --ca-file with", secure.URL)
	f("an unknown authority over gRPC", "unknown authority", "give --ca-file with", "https://"+secureGRPC, "--protocol", "grpc")
	f("another name", "backend.test", "give --server-name with", mutual.URL, "--ca-file", cert, "--server-name", "backend.test")
	f("no certificate", "", "give --cert-file and --key-file", mutual.URL, "--insecure-skip-verify")
	f("HTTP/1 over TLS", "no application protocol", "use --protocol http/protobuf", mutualHost, "--ca-file", cert, "--cert-file", cert, "--key-file", key)
	f("gRPC over TLS", "HTTP 415", "use --protocol grpc", "https://"+secureGRPC, "--ca-file", cert)

	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	f("no answer over gRPC", "DeadlineExceeded", "nothing answered within 100ms", silent.Addr().String(), "--timeout", "100ms")
	f("no answer over HTTP", "deadline exceeded", "nothing answered within 100ms", "http://"+silent.Addr().String(), "--timeout", "100ms")
}

// The names of the document's fields are API.
func TestSendDocument(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch r.URL.Path {
		case "/v1/traces":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}`)
		case "/v1/metrics":
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	f := func(name, stdin string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		code := Main(append([]string{"send", server.URL, "-o", "json"}, args...), term.Plain(strings.NewReader(stdin), &stdout, &stderr))
		if code != exitFailed || !json.Valid(stdout.Bytes()) {
			t.Errorf("%v: exit code %d, %s", args, code, stderr.String())
		}
		text := strings.ReplaceAll(stdout.String(), server.URL, "http://backend:4318")
		golden(t, name, regexp.MustCompile(`[0-9a-f]{32}`).ReplaceAllString(text, "0102030405060708090a0b0c0d0e0f10"))
	}
	f("send.json", "")
	logs := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}]}`
	f("send_file.json", logs+`{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}`+"\n"+logs+`{"resourceLogs":3}`, "--file", "-", "--signal", "logs")
	f("send_file_refused.json", `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{}]}}]}]}]}`, "--file", "-")
	if requests.Load() != 6 {
		t.Errorf("%d requests", requests.Load())
	}
}

func TestSendOverTLS(t *testing.T) {
	server, cert, key := secured(t)
	f := func(endpoint string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		args = append([]string{"send", endpoint, "--cert-file", cert, "--key-file", key}, args...)
		code := Main(args, term.Plain(strings.NewReader(""), &stdout, &stderr))
		if code != exitOK || strings.Count(stdout.String(), "\taccepted\t") != 3 {
			t.Errorf("%v: exit code %d, %s%s", args, code, stdout.String(), stderr.String())
		}
	}
	host := strings.TrimPrefix(server.URL, "https://")
	f(server.URL, "--ca-file", cert)
	f(server.URL, "--insecure-skip-verify")
	f(host, "--ca-file", cert, "--protocol", "http/json") // on this machine, but with what only TLS has a use for
	f(host, "--ca-file", cert, "--server-name", "example.com", "--protocol", "http/protobuf")
	f("static://"+host, "--ca-file", cert, "--protocol", "http/protobuf")
}

// An interruption ends even a read of standard input that nobody writes to.
func TestSendIsInterrupted(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	var stdout, stderr bytes.Buffer
	done := make(chan error, 1)
	go func() {
		done <- execute(ctx, []string{"send", "--file", "-"}, term.Plain(in, &stdout, &stderr))
	}()
	cancel()
	if err := <-done; exitCode(ctx, err) != exitInterrupted || stdout.Len() > 0 {
		t.Errorf("exit code %d: %v, stdout %q", exitCode(ctx, err), err, stdout.String())
	}
}
