// The tests of this package drive whole processes: otlpctl as it is released, real clients in front of it and a real
// backend behind it.
package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/dockerd"
	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Limits are for machines that do much else at the same time; nothing waits longer than it must.
const (
	startLimit   = 30 * time.Second
	arrivalLimit = 30 * time.Second
)

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

// testMain builds the product once and leaves its path where programs.Otlpctl finds it.
func testMain(m *testing.M) int {
	sink.RegisterZstd()
	dir, err := os.MkdirTemp("", "otlpctl-e2e-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	path, err := programs.Otlpctl(context.Background(), dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Setenv(programs.BinaryVar, path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	ctx := context.Background()
	if err := errors.Join(consul.StopShared(ctx), dockerd.StopShared(ctx), kubernetes.StopShared(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// server is a running receiver.
type server struct {
	*process.Process
	grpc, http, admin string // host:port
	file              string // its configuration
}

// adminSection puts the admin port where the tests look for it.
const adminSection = "admin:\n  endpoint: $ADMIN\n"

// serve starts otlpctl with a configuration in which $GRPC, $HTTP and $ADMIN stand for the server's own addresses,
// waits until it is ready, and stops it when the test ends. env is its environment, beside PATH and HOME.
func serve(t *testing.T, config string, env ...string) *server {
	t.Helper()
	s := start(t, "otlpctl", otlpctl(t), []string{"serve", "--config"}, config+adminSection, env...)
	s.waitReady(t)
	return s
}

// otlpctl returns the path of the product.
func otlpctl(t *testing.T) string {
	t.Helper()
	path, err := programs.Otlpctl(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// collect is serve for the OpenTelemetry Collector.
func collect(t *testing.T, config string) *server {
	t.Helper()
	path := programs.Need(t, programs.Collector)
	// Its own metrics would be on a fixed port.
	config = strings.Replace(config, "\nservice:\n", "\nservice:\n  telemetry:\n    metrics:\n      level: none\n", 1)
	return start(t, "collector", path, []string{"--config"}, config)
}

// configured returns a server that does not run yet, with addresses of its own and its configuration.
func configured(t *testing.T, name, config string) *server {
	t.Helper()
	addrs, err := loopback.Addrs(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{grpc: addrs[0], http: addrs[1], admin: addrs[2]}
	s.file = filepath.Join(t.TempDir(), name+".yaml")
	replace(t, s.file, s.addressed(config))
	return s
}

func start(t *testing.T, name, path string, args []string, config string, env ...string) *server {
	t.Helper()
	s := configured(t, name, config)
	s.Process = process.Run(t, process.Spec{Name: name, Path: path, Args: append(args, s.file), Env: env})
	if err := s.WaitListening(t.Context(), startLimit, s.grpc, s.http); err != nil {
		t.Fatal(err)
	}
	return s
}

// addressed puts the server's addresses into a configuration.
func (s *server) addressed(config string) string {
	return strings.NewReplacer("$GRPC", s.grpc, "$HTTP", s.http, "$ADMIN", s.admin).Replace(config)
}

// replace puts a new file in the place of one that may be there, as editors do.
func replace(t *testing.T, path, text string) {
	t.Helper()
	fresh := path + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, path); err != nil {
		t.Fatal(err)
	}
}

func (s *server) waitReady(t *testing.T) {
	t.Helper()
	wait.For(t, startLimit, s.Name()+" to be ready", func() bool {
		code, _, err := get(t.Context(), "http://"+s.admin+"/ready")
		return err == nil && code == http.StatusOK
	})
}

// client returns a client that sends to the server.
func (s *server) client(t *testing.T, protocol signal.Protocol, coding string) client.Client {
	t.Helper()
	return s.dial(t, client.Target{Protocol: protocol, Coding: coding})
}

// dial is client for any kind of client.
func (s *server) dial(t *testing.T, target client.Target) client.Client {
	t.Helper()
	target.Addr = s.http
	if target.Protocol == signal.GRPC {
		target.Addr = s.grpc
	}
	c, err := client.Dial(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func get(ctx context.Context, url string) (code int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// forwarding returns a configuration with all three pipelines, from the OTLP receiver through a quick batch to the
// given exporters. settings is the content of the exporters section, each line indented by two.
func forwarding(settings string, exporters ...string) string {
	var b strings.Builder
	b.WriteString(`receivers:
  otlp:
    protocols:
      grpc:
        endpoint: $GRPC
      http:
        endpoint: $HTTP
processors:
  batch:
    timeout: 20ms
exporters:
` + settings + `
service:
  pipelines:
`)
	for _, sig := range signal.All() {
		fmt.Fprintf(&b, "    %s:\n      receivers: [otlp]\n      processors: [batch]\n      exporters: [%s]\n",
			sig, strings.Join(exporters, ", "))
	}
	return b.String()
}

// toSink is an otlp exporter without TLS and compression.
func toSink(addr string) string { return exporter("otlp", addr, "compression: none") }
