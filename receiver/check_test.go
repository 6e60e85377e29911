package receiver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/debug"
	"github.com/otlpctl/otlpctl/receiver/export/file"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// check runs all checks up to a level.
func check(t *testing.T, c Config, upTo Level) []Outcome {
	t.Helper()
	outcomes, err := NewChecks(c, deps(io.Discard), upTo).Run(t.Context(), 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// failed returns the checks that failed, each with what it says on one line.
func failed(outcomes []Outcome) string {
	var b strings.Builder
	for _, o := range outcomes {
		if o.Status == CheckFailed {
			b.WriteString(string(o.Level) + " " + o.Name + " at " + o.At + ": " + o.Problem + " → " + o.Hint + "\n")
		}
	}
	return b.String()
}

func writePEM(t *testing.T, path, typ string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// certificates writes cert.pem, its key.pem, other.pem, which is another key, and
// garbage.pem.
func certificates(t *testing.T, dir string) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pair := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(stranger)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "cert.pem"), "CERTIFICATE", pair.Certificate[0])
	writePEM(t, filepath.Join(dir, "key.pem"), "PRIVATE KEY", key)
	writePEM(t, filepath.Join(dir, "other.pem"), "PRIVATE KEY", other)
	writePEM(t, filepath.Join(dir, "garbage.pem"), "GARBAGE", nil)
}

// toBackend returns a configuration that sends traces to an address in plain text.
func toBackend(t *testing.T, endpoint string) Config {
	t.Helper()
	c := local()
	e := NewExporterConfig("otlp")
	setEndpoint(t, e, endpoint)
	c.Exporters = map[ID]ExporterConfig{"otlp": e}
	c.Service.Pipelines = map[ID]PipelineConfig{"traces": {Receivers: []ID{"otlp"}, Exporters: []ID{"otlp"}}}
	return c
}

func TestBuildChecks(t *testing.T) {
	dir := t.TempDir()
	certificates(t, dir)
	in := func(name string) string { return filepath.Join(dir, name) }
	f := func(edit func(*Config), want ...string) {
		t.Helper()
		c := local()
		edit(&c)
		got := failed(check(t, c, LevelBuild))
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("no %q in\n%s", part, got)
			}
		}
		if len(want) == 0 && got != "" {
			t.Errorf("failed:\n%s", got)
		}
	}
	server := func(cert, key string) *tlsconf.Server {
		return &tlsconf.Server{Common: tlsconf.Common{CertFile: in(cert), KeyFile: in(key)}}
	}
	grpc := func(s *tlsconf.Server) func(*Config) {
		return func(c *Config) { c.Receivers["otlp"].Protocols.GRPC.TLS = s }
	}
	ca := func(name string) func(*Config) {
		return func(c *Config) {
			*c = toBackend(t, "localhost:1")
			caFile(t, c.Exporters["otlp"], in(name))
		}
	}
	f(func(*Config) {})
	f(grpc(server("cert.pem", "key.pem")))
	f(grpc(server("cert.pem", "gone.pem")), "build receivers.otlp at receivers.otlp.protocols.grpc.tls.", "gone.pem: no such file")
	f(grpc(server("cert.pem", "other.pem")), "build receivers.otlp at receivers.otlp.protocols.grpc.tls.", "does not match")
	f(func(c *Config) { c.Admin.TLS = server("gone.pem", "key.pem") }, "build admin at admin.tls.cert_file: open ")
	f(ca("cert.pem"))
	f(ca("gone.pem"), "build exporters.otlp at exporters.otlp.tls.ca_file: open ", "no such file")
	f(ca("garbage.pem"), "build exporters.otlp at exporters.otlp.tls.ca_file: ", "no usable PEM certificate")

	files := func(path string, edit func(*file.Config)) func(*Config) {
		return func(c *Config) { *c = toFile(path, edit) }
	}
	create := func(c *file.Config) { c.CreateDirectory = true }
	f(files(in("new.jsonl"), nil))
	f(files(in("no/new.jsonl"), nil), "build exporters.file at exporters.file.path: open ", "no such file", "→ create the folder "+in("no")+", or set create_directory: true")
	f(files(in("no/such/new.jsonl"), create))
	f(files(in("no/new")+"/", create), "is a directory")
	f(files(in("cert.pem/new.jsonl"), create), "build exporters.file at exporters.file.path: ", "not a directory")
	f(files(dir, nil), "is a directory")
	f(files(in("new")+"/", nil), "is a directory")

	printed := func(paths ...string) func(*Config) {
		return func(c *Config) {
			d := debug.DefaultConfig()
			d.OutputPaths = paths
			c.Exporters["debug"] = &d
		}
	}
	f(printed("stdout", "stderr", in("new.txt")))
	f(printed("stdout", in("no/new.txt")), "build exporters.debug at exporters.debug.output_paths[1]: open ", "→ create the folder "+in("no"))
	logged := func(paths ...string) func(*Config) {
		return func(c *Config) { c.Service.Telemetry.Logs.OutputPaths = paths }
	}
	f(logged("stderr", in("new.log")))
	f(logged(in("no/new.log"), dir), "build service.telemetry.logs at service.telemetry.logs.output_paths[0]: ", "; output_paths[1]: ")
}

func TestBindChecks(t *testing.T) {
	f := func(c Config, want string) {
		t.Helper()
		if got := failed(check(t, c, LevelBind)); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("want %q, failed:\n%s", want, got)
		}
	}
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := taken.Addr().String()
	with := func(edit func(*Config)) Config {
		c := local()
		edit(&c)
		return c
	}
	grpc := with(func(c *Config) { c.Receivers["otlp"].Protocols.GRPC.Endpoint = address })
	metrics := with(func(c *Config) { c.Service.Telemetry.Metrics.Address = address })
	f(with(func(*Config) {}), "")
	f(grpc, "bind receivers.otlp.protocols.grpc.endpoint at receivers.otlp.protocols.grpc.endpoint: receiver otlp: listen on "+address)
	f(grpc, "→ another process listens there")
	f(metrics, "bind service.telemetry.metrics.address at service.telemetry.metrics.address: metrics server: listen on "+address)
	f(with(func(c *Config) { c.Admin.Endpoint = address }), "bind admin.endpoint at admin.endpoint: ")
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	f(grpc, "") // and the check has let go of the port
	f(grpc, "")

	// Two names of one address get past Validate.
	f(with(func(c *Config) {
		c.Receivers["otlp"].Protocols.GRPC.Endpoint, c.Receivers["otlp"].Protocols.HTTP.Endpoint = address, address
	}), "bind receivers.otlp.protocols.http.endpoint ")
}

// What cannot be tried because of an earlier failure is not tried.
func TestSkippedChecks(t *testing.T) {
	c := toBackend(t, "127.0.0.1:1")
	caFile(t, c.Exporters["otlp"], "gone.pem")
	c.Receivers["otlp"].Protocols.HTTP = nil
	c.Receivers["otlp"].Protocols.GRPC.TLS = &tlsconf.Server{Common: tlsconf.Common{CertFile: "gone.pem", KeyFile: "gone.pem"}}
	var got []string
	for _, o := range check(t, c, LevelConnect) {
		got = append(got, string(o.Status)+" "+o.Name)
	}
	want := "ok service.telemetry.logs, failed exporters.otlp, failed receivers.otlp, ok admin, ok admin.endpoint, " +
		"skipped receivers.otlp.protocols.grpc.endpoint, skipped exporters.otlp traces"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestConnectChecks(t *testing.T) {
	backend := start(t, local(), io.Discard)
	defer backend.end(t, 0)
	address := backend.now.Load().servers["otlp"].Addr(ingest.GRPC)
	c := toBackend(t, address)
	secure := NewExporterConfig("otlp")
	setEndpoint(t, secure, address)
	caFile(t, secure, "")
	c.Exporters["otlp/secure"], c.Exporters["nop"] = secure, NewExporterConfig("nop")
	c.Service.Pipelines["metrics"] = PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"otlp"}}
	c.Service.Pipelines["traces/more"] = PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"otlp/secure", "nop"}}
	outcomes := check(t, c, LevelConnect)
	var got []string
	for _, o := range outcomes {
		if o.Level == LevelConnect {
			got = append(got, string(o.Status)+" "+o.Name+o.Note)
		}
	}
	want := "ok nophas no backend to reach, ok otlp traces, ok otlp metrics, failed otlp/secure traces"
	if text := strings.ReplaceAll(strings.Join(got, ", "), "exporters.", ""); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if text := failed(outcomes); !strings.Contains(text, "at exporters.otlp/secure.endpoint: export to "+address) ||
		!strings.Contains(text, "→ if the backend expects plain text, set tls.insecure: true") || strings.Contains(text, "hint:") {
		t.Errorf("failed:\n%s", text)
	}
}

// Backends that say nothing take no longer together than one of them.
func TestConnectChecksEnd(t *testing.T) {
	hole, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hole.Close() }()
	c := toBackend(t, hole.Addr().String())
	for _, sig := range []ID{"metrics", "logs", "profiles"} {
		c.Service.Pipelines[sig] = c.Service.Pipelines["traces"]
	}
	const timeout = 300 * time.Millisecond
	began := time.Now()
	outcomes, err := NewChecks(c, deps(io.Discard), LevelConnect).Run(t.Context(), timeout)
	if took := time.Since(began); err != nil || took > 3*timeout {
		t.Errorf("took %s, error %v", took, err)
	}
	if got := failed(outcomes); strings.Count(got, "→ nothing answered within 300ms") != 4 {
		t.Errorf("failed:\n%s", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(timeout/3, cancel)
	began = time.Now()
	_, err = NewChecks(c, deps(io.Discard), LevelConnect).Run(ctx, time.Hour)
	if took := time.Since(began); err == nil || took > time.Second {
		t.Errorf("cancelled: took %s, error %v", took, err)
	}
}
