package catalog

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// ask probes a server that is registered with tags.
func ask(t *testing.T, secure tlsconf.Client, addr string, tags ...string) Probe {
	t.Helper()
	p, err := NewProber(secure, 5*time.Second, 4)
	if err != nil {
		t.Fatal(err)
	}
	p.again = 0
	at := netip.MustParseAddrPort(addr)
	i := Instance{ID: "i", Service: "otlp", Addr: addr, host: at.Addr().String(), port: int(at.Port()), Tags: tags}
	cases := []Case{{Instance: i, Here: true}}
	calls := 0
	if err := p.Ask(t.Context(), cases, func(int) { calls++ }); err != nil || calls != 1 {
		t.Fatalf("%v, and %d of 1 told", err, calls)
	}
	return cases[0].Probe
}

func serveHTTP(t *testing.T, secure bool, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = nil
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// logsOnly takes logs over HTTP and nothing else.
func logsOnly(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/logs" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func TestProbe(t *testing.T) {
	f := func(name string, p Probe, connect, export, speaks string) {
		t.Helper()
		if p.Connect != connect || p.Export != export || p.Speaks != speaks || (p.Problem == "") != (export == ExportOK) {
			t.Errorf("%s: %+v; want %q, %q, %q", name, p, connect, export, speaks)
		}
	}
	var none tlsconf.Client
	otlp := serveHTTP(t, false, logsOnly)
	f("http", ask(t, none, otlp, "http"), ConnectOK, ExportOK, SpeaksHTTP)
	f("http as grpc", ask(t, none, otlp, "grpc"), ConnectOK, ExportForeign, SpeaksHTTP)

	denied := serveHTTP(t, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	f("credentials", ask(t, none, denied, "http"), ConnectOK, ExportDenied, SpeaksHTTP)
	full := serveHTTP(t, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	f("full", ask(t, none, full, "http"), ConnectOK, ExportRefused, SpeaksHTTP)
	f("no OTLP", ask(t, none, serveHTTP(t, false, http.NotFound), "http"), ConnectOK, ExportForeign, "")
	admin := serveHTTP(t, false, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health":
		case "/status":
			_, _ = w.Write([]byte(`{"version":"1.2"}`))
		default:
			http.NotFound(w, r)
		}
	})
	f("admin port", ask(t, none, admin, "http"), ConnectOK, ExportForeign, SpeaksAdmin)

	secure := serveHTTP(t, true, logsOnly)
	f("unknown authority", ask(t, none, secure, "http"), ConnectOK, ExportUntrusted, SpeaksHTTP)
	f("any certificate", ask(t, tlsconf.Client{InsecureSkipVerify: true}, secure, "http"), ConnectOK, ExportOK, SpeaksHTTP)

	mutual := httptest.NewUnstartedServer(http.HandlerFunc(logsOnly))
	mutual.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	mutual.StartTLS()
	t.Cleanup(mutual.Close)
	without := ask(t, tlsconf.Client{InsecureSkipVerify: true}, mutual.Listener.Addr().String(), "http")
	if without.Export != ExportUntrusted || strings.Contains(without.Problem, "hint") {
		t.Errorf("no certificate to show: %+v", without)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends at once
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	f("nobody", ask(t, none, l.Addr().String(), "grpc"), ConnectRefused, "", "")
}

func TestHealth(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			http.Error(w, "spool: no space left", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"version":"1.2","config":{"hash":"aa"},"registrations":[
			{"registry":"consul","service":"otlp","id":"a","registered":true},
			{"registry":"consul","service":"otlp","id":"b"},
			{"registry":"etcd","service":"otlp","id":"c","registered":true},
			{"registry":"consul","service":"other","id":"d","registered":true}]}`))
	}
	for _, secure := range []bool{false, true} {
		p, err := NewProber(tlsconf.Client{InsecureSkipVerify: true}, 5*time.Second, 1)
		if err != nil {
			t.Fatal(err)
		}
		h := p.health(t.Context(), serveHTTP(t, secure, handler), "otlp")
		if !h.Answers || h.Healthy || h.Version != "1.2" || h.ConfigHash != "aa" || strings.Join(h.IDs, " ") != "a" ||
			h.Problem != "Service Unavailable: spool: no space left" {
			t.Errorf("TLS %v: %+v", secure, h)
		}
	}
}

// What nobody could connect to is not tried, and a loopback address only on the machine that it is of.
func TestProbeNotMade(t *testing.T) {
	p, err := NewProber(tlsconf.Client{}, time.Second, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"0.0.0.0", "::", "", "127.0.0.1", "localhost"} {
		cases := []Case{{Instance: Instance{ID: "i", host: host, port: 1}}}
		if err := p.Ask(t.Context(), cases, func(int) {}); err != nil || cases[0].Probe.Connect != ConnectNotMade {
			t.Errorf("%q: %v, %+v", host, err, cases[0].Probe)
		}
	}
}
