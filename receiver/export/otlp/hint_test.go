package otlp

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
)

// attempt makes one attempt with an exporter that may not get far.
func attempt(t *testing.T, cfg Config) error {
	t.Helper()
	e, err := New(cfg, new(buftest.Pool), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = e.Export(ctx, batchOf(1))
	if err := e.Close(ctx); err != nil {
		t.Error(err)
	}
	return err
}

func httpServer(t *testing.T, start func(*httptest.Server)) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(s)
	t.Cleanup(s.Close)
	return s
}

// caPEM returns the certificate of a server, which signs itself.
func caPEM(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func TestErrorsNameTheNextStep(t *testing.T) {
	f := func(what string, cfg Config, endpoint string, again bool, want ...string) {
		t.Helper()
		cfg.Endpoint = endpoint[strings.LastIndex(endpoint, "//")+1:]
		cfg.Endpoint = strings.TrimPrefix(cfg.Endpoint, "/")
		err := attempt(t, cfg)
		if _, ok := retryable(err); ok != again || err == nil {
			t.Errorf("%s: retryable is %t: %v", what, ok, err)
			return
		}
		for _, part := range append(want, "export to "+cfg.Endpoint+": ") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: want %q in %q", what, part, err)
			}
		}
		if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "desc =") {
			t.Errorf("%s: %q", what, err)
		}
	}
	secure, plain := DefaultConfig(), DefaultConfig()
	plain.TLS.Insecure = true
	trusting := secure
	trusting.TLS.InsecureSkipVerify = true

	grpcPlain := startTCP(t, nil)
	http1 := httpServer(t, (*httptest.Server).Start)
	http1TLS := httpServer(t, (*httptest.Server).StartTLS)
	h2c := httpServer(t, func(s *httptest.Server) {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetHTTP1(true)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
	})
	credential := credentials.NewTLS(&tls.Config{Certificates: http1TLS.TLS.Certificates, MinVersion: tls.VersionTLS12})
	grpcTLS := startTCP(t, nil, grpc.Creds(credential))
	mutual := credentials.NewTLS(&tls.Config{Certificates: http1TLS.TLS.Certificates, MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert})
	grpcMutual := startTCP(t, nil, grpc.Creds(mutual))
	known := secure
	known.TLS.CAPEM = caPEM(http1TLS)
	misnamed := known
	misnamed.TLS.ServerName = "backend.test"

	f("TLS to plain gRPC", secure, grpcPlain.listener.Addr().String(), true, "set tls.insecure: true")
	f("TLS to plain HTTP", secure, http1.URL, true, "set tls.insecure: true")
	f("plain to TLS gRPC", plain, grpcTLS.listener.Addr().String(), true, "if the backend expects TLS, remove tls.insecure")
	f("plain to HTTP", plain, http1.URL, true, "use the otlphttp exporter")
	f("plain to h2c", plain, h2c.URL, false, "404", "use the otlphttp exporter")
	f("TLS to HTTPS", trusting, http1TLS.URL, true, "use the otlphttp exporter")
	f("unknown authority", secure, grpcTLS.listener.Addr().String(), true, "set tls.ca_file")
	f("other name", misnamed, grpcTLS.listener.Addr().String(), true, "set tls.server_name_override")
	f("client certificate", known, grpcMutual.listener.Addr().String(), true, "set tls.cert_file and tls.key_file")
	f("nobody there", plain, "127.0.0.1:1", true, "connection refused")
	waiting := plain
	waiting.WaitForReady = true
	f("nobody there, waiting", waiting, "127.0.0.1:1", true, "DeadlineExceeded", "connection refused")

	bare := grpc.NewServer(grpc.ForceServerCodecV2(grpcraw.Codec{}))
	listener := listen(t)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = bare.Serve(listener)
	}()
	t.Cleanup(func() {
		bare.Stop()
		<-served
	})
	f("no such service", plain, listener.Addr().String(), false, "does not take this signal")
	f("small limit", plain, startTCP(t, nil, grpc.MaxRecvMsgSize(100)).listener.Addr().String(), false, "max_recv_msg_size_mib", "send_batch_max_size")
}

func TestTLSIsOnByDefault(t *testing.T) {
	certificate := httpServer(t, (*httptest.Server).StartTLS)
	b := startTCP(t, nil, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: certificate.TLS.Certificates, MinVersion: tls.VersionTLS12})))
	address := b.listener.Addr().String()
	f := func(endpoint string, insecure bool) {
		t.Helper()
		cfg := DefaultConfig()
		cfg.Endpoint, cfg.TLS.Insecure, cfg.TLS.CAPEM = endpoint, insecure, caPEM(certificate)
		if err := attempt(t, cfg); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	f(address, false)
	f("https://"+address, false)
	f("http://"+address, false) // the scheme alone does not switch TLS off
	f("https://"+address, true) // and https keeps it on

	cfg := DefaultConfig()
	cfg.Endpoint, cfg.TLS.Insecure = "https://"+address, true
	if err := attempt(t, cfg); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("https with tls.insecure: %v", err)
	}
}
