//go:build unix

package cli

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Nobody reads standard output any more, as behind "| head": what is printed there is lost and
// counted, and the receiver goes on for its other exporters.
func TestServeSurvivesABrokenPipe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "otel.yaml")
	conf := strings.ReplaceAll(anyPorts, "nop", "debug")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{Cmd: program(t, "otlpctl", "serve", "--config", file)}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.Stdout = writer
	stderr, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	_ = writer.Close()
	address := ""
	for s.log = bufio.NewScanner(stderr); s.log.Scan(); {
		var line struct{ Msg, Address string }
		if json.Unmarshal(s.log.Bytes(), &line) == nil && line.Msg == "listening" {
			address = line.Address
		}
		if line.Msg == "ready" {
			break
		}
	}
	body := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/v1/logs", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("HTTP %s", answer.Status)
	}
	for s.log.Scan() {
		if strings.Contains(s.log.Text(), "items lost") {
			break
		}
	}
	if code := s.stop(t, syscall.SIGTERM); code != exitFailed {
		t.Errorf("exit code %d, want %d: items were lost", code, exitFailed)
	}
}
