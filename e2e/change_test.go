package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// status is what tests of changed configurations look at in /status.
type status struct {
	Config struct {
		Generation int64  `json:"generation"`
		Hash       string `json:"hash"`
		Reloads    int64  `json:"reloads"`
		Failed     int64  `json:"failed_reloads"`
		Problem    string `json:"problem"`
	} `json:"config"`
	Exporters []struct {
		Name    string `json:"name"`
		Retries int64  `json:"retries"`
		Queue   struct {
			Items int64 `json:"items"`
		} `json:"queue"`
		Discovery discovery `json:"discovery"`
	} `json:"exporters"`
	Registrations []registration `json:"registrations"`
}

func (s *server) status(t *testing.T) status {
	t.Helper()
	code, body, err := get(t.Context(), "http://"+s.admin+"/status")
	if err != nil || code != http.StatusOK {
		t.Fatalf("/status: %d %v", code, err)
	}
	var st status
	if err := json.Unmarshal([]byte(body), &st); err != nil {
		t.Fatalf("/status: %v", err)
	}
	return st
}

// queued returns how many items wait in the queue of an exporter, or are being sent.
func (st status) queued(exporter string) int64 {
	for _, e := range st.Exporters {
		if e.Name == exporter {
			return e.Queue.Items
		}
	}
	return 0
}

// waitReloads waits until the configuration was read again n times, with whatever outcome.
func (s *server) waitReloads(t *testing.T, n int64) status {
	t.Helper()
	var st status
	wait.For(t, arrivalLimit, fmt.Sprintf("reload %d", n), func() bool {
		st = s.status(t)
		return st.Config.Reloads >= n
	})
	if st.Config.Reloads != n {
		t.Fatalf("%d reloads, want %d", st.Config.Reloads, n)
	}
	return st
}

func (s *server) hangUp(t *testing.T) {
	t.Helper()
	if err := s.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// postReload asks the admin port to read the configuration again.
func (s *server) postReload(t *testing.T) (code int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), arrivalLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.admin+"/reload", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// metric returns the value of a series on /metrics, named as it is written there.
func (s *server) metric(t *testing.T, series string) float64 {
	t.Helper()
	code, body, err := get(t.Context(), "http://"+s.admin+"/metrics")
	if err != nil || code != http.StatusOK {
		t.Fatalf("/metrics: %d %v", code, err)
	}
	for line := range strings.Lines(body) {
		if text, found := strings.CutPrefix(line, series+" "); found {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				t.Fatalf("/metrics: %s: %v", series, err)
			}
			return v
		}
	}
	t.Fatalf("/metrics has no %s", series)
	return 0
}

// countLogged counts the lines of the log with the message.
func (s *server) countLogged(t *testing.T, message string) int64 {
	t.Helper()
	text, err := os.ReadFile(s.StderrPath())
	if err != nil {
		t.Fatal(err)
	}
	return int64(strings.Count(string(text), `"msg":"`+message+`"`))
}

// mounted is a file in a folder as a kubelet mounts a ConfigMap: a link to a link, which changes in one step.
type mounted struct {
	folder, name string
	version      int
}

func mount(t *testing.T, name, text string) *mounted {
	t.Helper()
	m := &mounted{folder: t.TempDir(), name: name}
	m.update(t, text)
	if err := os.Symlink(filepath.Join("..data", name), m.path()); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *mounted) path() string { return filepath.Join(m.folder, m.name) }

// update puts a new version in the place of the one before.
func (m *mounted) update(t *testing.T, text string) {
	t.Helper()
	m.version++
	version := fmt.Sprintf("..version-%d", m.version)
	if err := os.Mkdir(filepath.Join(m.folder, version), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.folder, version, m.name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(m.folder, "..data")
	if err := os.Symlink(version, data+"_tmp"); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Readlink(data) // none at first
	if err := os.Rename(data+"_tmp", data); err != nil {
		t.Fatal(err)
	}
	if before != "" {
		if err := os.RemoveAll(filepath.Join(m.folder, before)); err != nil {
			t.Fatal(err)
		}
	}
}

// watchLimit is for changes that the receiver finds by looking, which takes it two seconds at its usual pace.
const watchLimit = time.Minute
