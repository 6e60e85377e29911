package e2e_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/certs"
	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// steady is a pace that leaves other tests room.
func steady() pace { return pace{items: 3, every: 20 * time.Millisecond} }

// A token in a file of its own, as a mounted Secret has it, changes: what is sent carries the new one.
func TestReloadOfAReferencedFile(t *testing.T) {
	t.Parallel()
	behind := sink.Run(t)
	token := mount(t, "token", "first\n")
	s := serve(t, forwarding(exporter("otlp", behind.GRPC(), "headers: {x-token: \"Bearer ${file:"+token.path()+"}\"}"), "otlp"))
	l := sendThrough(t, s, steady(), everyClient())
	waitHeader(t, behind, "x-token", "Bearer first")
	token.update(t, "second\n")
	waitHeader(t, behind, "x-token", "Bearer second")
	wantAllDelivered(t, s, l, behind)
}

// A certificate is renewed: the next handshake presents it, and no client notices anything.
func TestReloadOfACertificate(t *testing.T) {
	t.Parallel()
	authority := certs.New(t)
	folder := t.TempDir()
	renew := func() (serial string) {
		cert, key, serial := authority.Issue(t)
		replace(t, filepath.Join(folder, "tls.crt"), cert)
		replace(t, filepath.Join(folder, "tls.key"), key)
		return serial
	}
	behind := sink.Run(t)
	first := renew()
	secure := fmt.Sprintf("\n        tls: {cert_file: %s/tls.crt, key_file: %s/tls.key}", folder, folder)
	config := forwarding(toSink(behind.GRPC()), "otlp")
	for _, address := range []string{"$GRPC", "$HTTP"} {
		config = strings.Replace(config, "endpoint: "+address, "endpoint: "+address+secure, 1)
	}
	s := serve(t, config)
	targets := everyClient()
	for i := range targets {
		targets[i].TLS = authority.Trust()
	}
	l := sendThrough(t, s, steady(), targets)
	flowing(t, behind)
	presents := func(serial string) func() bool {
		return func() bool {
			return presented(t, s.grpc, authority) == serial && presented(t, s.http, authority) == serial
		}
	}
	if !presents(first)() {
		t.Fatal("the first certificate is not presented")
	}
	for range 2 {
		wait.For(t, watchLimit, "the renewed certificate", presents(renew()))
		flowing(t, behind)
	}
	wantAllDelivered(t, s, l, behind)
}

// presented returns the serial number of the certificate that a server shows now.
func presented(t *testing.T, addr string, by *certs.Authority) string {
	t.Helper()
	dialer := tls.Dialer{Config: by.Trust()}
	c, err := dialer.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	secure, ok := c.(*tls.Conn)
	if !ok {
		t.Fatalf("a %T", c)
	}
	return secure.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// The file of the environment comes when the process runs already, and goes again.
func TestReloadOfAFileThatComesAndGoes(t *testing.T) {
	t.Parallel()
	behind := sink.Run(t)
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "config"), 0o755); err != nil {
		t.Fatal(err)
	}
	addrs, err := loopback.Addrs(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{grpc: addrs[0], http: addrs[1], admin: addrs[2], file: filepath.Join(folder, "config", "default.yaml")}
	replace(t, s.file, s.addressed(forwarding(exporter("otlp", behind.GRPC(), "headers: {x-environment: none}"), "otlp")+adminSection))
	s.Process = process.Run(t, process.Spec{Name: "otlpctl", Path: otlpctl(t), Args: []string{"serve"}, Cwd: folder, Env: []string{"ENV=production"}})
	s.waitReady(t)
	l := sendThrough(t, s, steady(), everyClient())
	waitHeader(t, behind, "x-environment", "none")
	production := filepath.Join(folder, "config", "production.yaml")
	replace(t, production, "exporters:\n  otlp: {headers: {x-environment: production}}\n")
	waitHeader(t, behind, "x-environment", "production")
	if err := os.Remove(production); err != nil {
		t.Fatal(err)
	}
	waitHeader(t, behind, "x-environment", "none")
	wantAllDelivered(t, s, l, behind)
}

// What is invalid changes nothing, and takes effect once it is repaired: in the configuration itself, or where it
// looks for something that is still to come.
func TestReloadOfAnInvalidFileThatIsRepaired(t *testing.T) {
	// A setting with two spaces before it is one of tls. Without a file that is to come, the repair is in the configuration.
	f := func(name, broken, coming, content string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			behind := sink.Run(t)
			coming := filepath.Join(t.TempDir(), coming)
			text := func(version, further string) string {
				return forwarding(exporter("otlphttp", behind.URL(), further, "headers: {x-version: "+version+"}"), "otlphttp")
			}
			s := serve(t, text("first", ""))
			l := sendThrough(t, s, steady(), everyClient())
			waitHeader(t, behind, "x-version", "first")
			replace(t, s.file, s.addressed(text("second", strings.ReplaceAll(broken, "$FILE", coming))+adminSection))
			wait.For(t, watchLimit, "the fault to be found", func() bool { return s.status(t).Config.Problem != "" })
			flowing(t, behind)
			if st := s.status(t).Config; st.Generation != 1 || s.metric(t, "otlpctl_config_last_reload_successful") != 0 {
				t.Errorf("%+v", st)
			}
			waitHeader(t, behind, "x-version", "first")
			if content == "" {
				replace(t, s.file, s.addressed(text("second", "")+adminSection))
			} else {
				replace(t, coming, content)
			}
			waitHeader(t, behind, "x-version", "second")
			wait.For(t, watchLimit, "the status to say so", func() bool {
				st := s.status(t).Config
				return st.Problem == "" && st.Generation == 2
			})
			wantAllDelivered(t, s, l, behind)
		})
	}
	f("value", "timeout: soon", "", "")
	f("authority", "  ca_file: $FILE", "ca.pem", certs.New(t).PEM())
	f("reference", "proxy_url: \"${file:$FILE}\"", "proxy", "\n")
}

// The backend's port was wrong: what has piled up in the queue goes to the right one.
func TestReloadThatCorrectsABackend(t *testing.T) {
	t.Parallel()
	const requests = 200
	behind := sink.Run(t)
	wrong, err := loopback.Addr(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, forwarding(toSink(wrong), "otlp"))
	c := s.client(t, signal.GRPC, "")
	for i := range uint64(requests) {
		if err := c.Export(t.Context(), signal.Logs, numbered.Request(signal.Logs, i*itemsPerRequest+1, itemsPerRequest)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.status(t).queued("otlp"); n != requests*itemsPerRequest {
		t.Errorf("%d items are queued", n)
	}
	replace(t, s.file, s.addressed(forwarding(toSink(behind.GRPC()), "otlp")+adminSection))
	s.hangUp(t)
	behind.WaitItems(t, signal.Logs, requests*itemsPerRequest, arrivalLimit)
	wantCleanExit(t, s)
	if n := behind.Items(signal.Logs); n != requests*itemsPerRequest {
		t.Errorf("%d items arrived", n)
	}
}

// Addresses move: the new ones are open, and those that were given up are closed. Who is connected to an old one is
// served to the end.
func TestReloadThatMovesAddresses(t *testing.T) {
	t.Parallel()
	behind := sink.Run(t)
	config := forwarding(toSink(behind.GRPC()), "otlp") + adminSection
	s := serve(t, strings.TrimSuffix(config, adminSection))
	old := *s
	before := sendThrough(t, &old, steady(), []client.Target{{Protocol: signal.GRPC}, {Protocol: signal.HTTPProtobuf}})
	flowing(t, behind)
	before.finish() // its connections stay open
	before.wantNothingMissing(t, behind)
	addrs, err := loopback.Addrs(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	s.grpc, s.http, s.admin = addrs[0], addrs[1], addrs[2]
	replace(t, s.file, s.addressed(config))
	s.hangUp(t)
	s.waitReady(t)
	for _, addr := range []string{old.grpc, old.http, old.admin} {
		wait.For(t, arrivalLimit, addr+" to be closed", func() bool { return !wait.Listening(t.Context(), addr) })
	}
	behind.Forget()
	after := sendThrough(t, s, steady(), everyClient())
	flowing(t, behind)
	before.wantAllAcked(t)
	wantAllDelivered(t, s, after, behind)
}

// waitHeader waits until requests with the header come to a sink from now on.
func waitHeader(t *testing.T, behind *sink.Sink, name, value string) {
	t.Helper()
	seen := len(behind.Accepted())
	wait.For(t, watchLimit, fmt.Sprintf("a request with %s: %s", name, value), func() bool {
		all := behind.Accepted()
		for _, r := range all[seen:] {
			if values := r.Header[name]; len(values) == 1 && values[0] == value {
				return true
			}
		}
		seen = len(all)
		return false
	})
}

// wantAllDelivered ends a test: every request was accepted, and every item arrived once.
func wantAllDelivered(t *testing.T, s *server, l *loads, behind *sink.Sink) {
	t.Helper()
	if code, body, err := get(t.Context(), "http://"+s.admin+"/ready"); err != nil || code != http.StatusOK {
		t.Errorf("/ready: %d %s %v", code, body, err)
	}
	l.finish()
	wantCleanExit(t, s)
	l.wantAllAcked(t)
	for sig, v := range l.verdicts(behind) {
		if len(v.Missing) > 0 || v.Duplicates > 0 || v.Acked == 0 {
			t.Errorf("%s: %s", sig, v)
		}
	}
}
