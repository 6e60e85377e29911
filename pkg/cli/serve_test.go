//go:build unix

package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// anyPorts is a configuration that is never in the way of another test.
const anyPorts = `
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:0
exporters:
  nop:
service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [nop]
admin:
  endpoint: 127.0.0.1:0
`

// server is "otlpctl serve" in a process of its own.
type server struct {
	*exec.Cmd
	admin  string // host:port
	stdout bytes.Buffer
	log    *bufio.Scanner
}

// startServer returns when the server says that it is ready.
func startServer(t *testing.T, conf string) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "otel.yaml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{Cmd: program(t, "otlpctl", "serve", "--config", file)}
	s.Stdout = &s.stdout
	stderr, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	s.log = bufio.NewScanner(stderr)
	for s.log.Scan() {
		var line struct{ Msg, Admin string }
		if json.Unmarshal(s.log.Bytes(), &line) == nil && line.Msg == "ready" {
			s.admin = line.Admin
			return s
		}
	}
	t.Fatalf("ended before it was ready: %v", s.Wait())
	return nil
}

// stop sends a signal, reads the log to its end and returns the exit code.
func (s *server) stop(t *testing.T, sig syscall.Signal) int {
	t.Helper()
	if err := s.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	for s.log.Scan() {
		t.Log(s.log.Text())
	}
	_ = s.Wait()
	return s.ProcessState.ExitCode()
}

func TestServe(t *testing.T) {
	f := func(sig syscall.Signal) {
		t.Helper()
		s := startServer(t, anyPorts)

		var stdout, stderr bytes.Buffer
		streams := term.Plain(strings.NewReader(""), &stdout, &stderr)
		if code := Main([]string{"health", "--endpoint", s.admin}, streams); code != exitOK {
			t.Errorf("health of a running server: exit code %d, %s", code, stderr.String())
		}
		if code := s.stop(t, sig); code != exitOK {
			t.Errorf("%s: exit code %d, want %d", sig, code, exitOK)
		}
		if got := s.stdout.String(); got != "" {
			t.Errorf("a receipt for nothing: %q", got)
		}
	}
	f(syscall.SIGINT)
	f(syscall.SIGTERM)
}

func TestServeHealthCheck(t *testing.T) {
	s := startServer(t, anyPorts)
	defer s.stop(t, syscall.SIGTERM)

	// The port is known only now: the check reads it from a configuration, as in a container.
	file := filepath.Join(t.TempDir(), "otel.yaml")
	conf := strings.ReplaceAll(anyPorts, "admin:\n  endpoint: 127.0.0.1:0", "admin:\n  endpoint: "+s.admin)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := Main([]string{"serve", "--config", file, "--health-check"}, term.Plain(strings.NewReader(""), &stdout, &stderr))
	if code != exitOK || stdout.String() != "healthy\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
}

// A port that is taken is no usage error: the configuration is fine, the machine is not.
func TestServeOnATakenPort(t *testing.T) {
	s := startServer(t, anyPorts)
	defer s.stop(t, syscall.SIGTERM)

	file := filepath.Join(t.TempDir(), "otel.yaml")
	conf := strings.ReplaceAll(anyPorts, "http:\n        endpoint: 127.0.0.1:0", "http:\n        endpoint: "+s.admin)
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := Main([]string{"serve", "--config", file}, term.Plain(strings.NewReader(""), &stdout, &stderr))
	if code != exitFailed || stdout.Len() > 0 || !strings.Contains(stderr.String(), s.admin) {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout.String(), stderr.String())
	}
}

// The configuration that packages install is one that serve accepts without a word.
func TestPackagedConfig(t *testing.T) {
	loaded, err := config.Load(config.Sources{Files: []string{"../../packaging/config.yaml"}})
	if err != nil || len(loaded.Warnings) > 0 {
		t.Errorf("packaging/config.yaml: %v %v", err, loaded.Warnings)
	}
}
