package e2e_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/netns"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// The specification's ConfigMap runs as written, ports included: it starts, is ready, takes traces, prints a summary
// under the old exporter name, and keeps trying a backend that is not there (K19).
func TestSampleConfigMap(t *testing.T) {
	path := otlpctl(t)
	ns := netns.Run(t)
	var p *process.Process
	ns.Do(func() {
		p = process.Run(t, process.Spec{Name: "otlpctl", Path: path, Args: []string{"serve", "--config", "testdata/configmap.yaml"}})
	})
	local := http.Client{Transport: &http.Transport{DialContext: ns.Dial, DisableKeepAlives: true}}
	wait.For(t, startLimit, "the sample to be ready", func() bool {
		code, _ := getWith(t.Context(), &local, "http://127.0.0.1:8888/ready")
		return code == http.StatusOK
	})
	for protocol, addr := range map[signal.Protocol]string{signal.GRPC: "127.0.0.1:4317", signal.HTTPProtobuf: "127.0.0.1:4318", signal.HTTPJSON: "127.0.0.1:4318"} {
		c, err := client.Dial(client.Target{Protocol: protocol, Addr: addr, Dial: ns.Dial})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Export(t.Context(), signal.Traces, numbered.Request(signal.Traces, 1, 3)); err != nil {
			t.Errorf("%s: %v", protocol, err)
		}
		_ = c.Close()
	}
	for _, words := range [][]string{
		{"exporters.logging", "deprecated"}, // the old name works, and says so
		{"backend:4317", "exporter fails"},  // the attempts to reach it
	} {
		wait.For(t, arrivalLimit, "a line with "+strings.Join(words, ", "), func() bool { return logged(p, words...) })
	}
	if code, body := getWith(t.Context(), &local, "http://127.0.0.1:8888/ready"); code != http.StatusOK {
		t.Errorf("/ready with a backend that is away: %d %s", code, body)
	}
	// The first signal starts a drain that cannot succeed; the second ends it.
	for p.Running() {
		if err := p.Signal(syscall.SIGTERM); err != nil {
			break
		}
		wait.For(t, arrivalLimit, "the end, or the drain to begin", func() bool { return !p.Running() || logged(p, "draining") })
	}
	if code, err := p.Wait(t.Context()); err != nil || code == 0 {
		t.Errorf("exit code %d, %v, although items were lost", code, err)
	}
}

// logged reports whether a line of the process's standard error has all of the words.
func logged(p *process.Process, words ...string) bool {
	text, err := os.ReadFile(p.StderrPath())
	if err != nil {
		return false
	}
	return hasLine(string(text), words...)
}

func getWith(ctx context.Context, c *http.Client, url string) (code int, body string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}
