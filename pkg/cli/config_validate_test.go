//go:build unix

package cli

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// validateText runs config validate on a configuration and returns its report.
func validateText(t *testing.T, conf string, args ...string) (code int, stdout string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "otel.yaml")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, err bytes.Buffer
	code = Main(append([]string{"config", "validate", "--config", path}, args...), term.Plain(strings.NewReader(""), &out, &err))
	if err.Len() > 0 && code != exitInterrupted {
		t.Errorf("on standard error: %q", err.String())
	}
	return code, strings.ReplaceAll(out.String(), path, "otel.yaml")
}

// The names and the order of the document's fields are API.
func TestValidationDocument(t *testing.T) {
	f := func(name, conf string, args ...string) {
		t.Helper()
		code, got := validateText(t, conf, append(args, "-o", "json")...)
		if code != exitUsage {
			t.Errorf("%s: exit code %d", name, code)
		}
		golden(t, name, regexp.MustCompile(`"seconds": [0-9.e-]+`).ReplaceAllString(got, `"seconds": 0`))
	}
	conf := strings.Replace(anyPorts, "nop:\n", "otlp:\n    endpoint: backend.test:4317\n    tls: {ca_file: gone.pem}\n  nop:\n  nop/two:\n", 1)
	f("validate.json", strings.Replace(conf, "exporters: [nop]", "exporters: [nop, otlp]", 1), "--level", "connect")
	f("validate_schema.json", "server: {prt: 1}\n", "--level", "build")
}

// freePort returns an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// What passes the level bind starts; while it runs, its ports are taken, and it does not mind being
// checked.
func TestValidateBesideServe(t *testing.T) {
	written := filepath.Join(t.TempDir(), "out", "logs.jsonl")
	conf := strings.Replace(anyPorts, "nop:\n", "file:\n    path: "+written+"\n    create_directory: true\n", 1)
	conf = strings.Replace(conf, "exporters: [nop]", "exporters: [file]", 1)
	conf = strings.Replace(conf, "127.0.0.1:0", freePort(t), 1)
	if code, report := validateText(t, conf, "--level", "bind"); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, report)
	}
	s := startServer(t, conf)
	if code, report := validateText(t, conf); code != exitOK {
		t.Errorf("level build: exit code %d\n%s", code, report)
	}
	code, report := validateText(t, conf, "--level", "bind")
	if code != exitUsage || !strings.Contains(report, "\n    hint: another process listens there, perhaps a Collector or another otlpctl") {
		t.Errorf("level bind: exit code %d\n%s", code, report)
	}
	if code := s.stop(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("serve: exit code %d", code)
	}
}

// A backend that does not answer is given up at once when a signal says so.
func TestValidateIsInterrupted(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		if c, err := l.Accept(); err == nil {
			_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
			<-t.Context().Done() // and says nothing
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-accepted
	})
	conf := strings.Replace(anyPorts, "nop:\n", "otlphttp:\n    endpoint: http://"+l.Addr().String()+"\n", 1)
	conf = strings.Replace(conf, "exporters: [nop]", "exporters: [otlphttp]", 1)
	if code, report := validateText(t, conf, "--level", "connect", "--timeout", "1h"); code != exitInterrupted || report != "" {
		t.Errorf("exit code %d\n%s", code, report)
	}
}
