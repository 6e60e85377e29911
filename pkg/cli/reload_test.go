//go:build unix

package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// next returns the next line of the log with the message.
func (s *server) next(t *testing.T, message string) (line struct{ Msg, Level, At, Key, Problem string }) {
	t.Helper()
	for s.log.Scan() {
		line.Msg = ""
		if json.Unmarshal(s.log.Bytes(), &line) == nil && strings.HasPrefix(line.Msg, message) {
			return line
		}
	}
	t.Fatalf("the log ended before %q", message)
	return line
}

func (s *server) post(t *testing.T, path string) (code int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.admin+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Each of the three ways to reload takes effect, and what is invalid does not.
func TestServeReloads(t *testing.T) {
	s := startServer(t, anyPorts)
	file := s.Args[len(s.Args)-1]
	write := func(text string) {
		t.Helper()
		temporary := filepath.Join(t.TempDir(), "new")
		if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temporary, file); err != nil { // as editors do
			t.Fatal(err)
		}
	}
	hup := func() {
		t.Helper()
		if err := s.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	hup()
	s.next(t, "configuration changed")
	if code := s.post(t, "/reload"); code != http.StatusMethodNotAllowed && code != http.StatusNotFound {
		t.Errorf("POST /reload is answered with %d, and is off", code)
	}

	write(anyPorts + "  reload: true\nservice:\n  telemetry: {logs: {level: debug}}\n") // service: stands twice
	if line := s.next(t, "configuration not changed"); line.Key != "service" || line.Problem != "the key is set twice" || !strings.HasSuffix(line.At, "otel.yaml:17:1") {
		t.Errorf("%+v", line)
	}
	write(anyPorts + "  reload: true\n")
	s.next(t, "a configuration file has changed")
	s.next(t, "configuration changed")
	if code := s.post(t, "/reload"); code != http.StatusOK {
		t.Errorf("POST /reload is answered with %d", code)
	}
	write(strings.Replace(anyPorts, "nop:", "nope:", 1) + "  reload: true\n")
	if code := s.post(t, "/reload"); code != http.StatusUnprocessableEntity {
		t.Errorf("POST /reload of an invalid configuration is answered with %d", code)
	}
	if line := s.next(t, "configuration not changed"); line.Key != "exporters.nope" || line.Level != "ERROR" {
		t.Errorf("%+v", line)
	}
	if code := s.stop(t, syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}
