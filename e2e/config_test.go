package e2e_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/certs"
	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/netns"
	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// outcome is what a program that ran to its end has left.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs a program to its end, which must come soon.
func run(t *testing.T, spec process.Spec) outcome {
	t.Helper()
	return runWithin(t, startLimit, spec)
}

// runWithin is run for a program that may take that long.
func runWithin(t *testing.T, limit time.Duration, spec process.Spec) outcome {
	t.Helper()
	p := process.Run(t, spec)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	code, err := p.Wait(ctx)
	if err != nil {
		t.Fatalf("%q does not end: %v", spec.Args, err)
	}
	stdout, err := os.ReadFile(p.StdoutPath())
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := os.ReadFile(p.StderrPath())
	if err != nil {
		t.Fatal(err)
	}
	return outcome{code: code, stdout: string(stdout), stderr: string(stderr)}
}

// Configurations of the Collector that use only what otlpctl has are taken as they are: the Collector finds them valid,
// otlpctl shows them, and runs them on their own ports.
func TestCollectorConfigurations(t *testing.T) {
	authority := certs.New(t)
	folder := t.TempDir()
	cert, key, _ := authority.Issue(t)
	for name, text := range map[string]string{"ca.crt": authority.PEM(), "tls.crt": cert, "tls.key": key} {
		replace(t, filepath.Join(folder, name), text)
	}
	env := []string{"BACKEND=backend.example.com", "TOKEN=token", "CERTS=" + folder}
	for _, name := range []string{"gateway", "agent", "fanout", "tls", "queues"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "collector", name+".yaml")
			collector := programs.Need(t, programs.Collector)
			if o := run(t, process.Spec{Name: "collector", Path: collector, Args: []string{"validate", "--config", file}, Env: env}); o.code != 0 {
				t.Errorf("the Collector refuses it with %d: %s", o.code, o.stderr)
			}
			if o := run(t, process.Spec{Name: "show", Path: otlpctl(t), Args: []string{"config", "show", "--config", file}, Env: env}); o.code != 0 || o.stdout == "" || o.stderr != "" {
				t.Errorf("config show ends with %d: %s", o.code, o.stderr)
			}
			runsOn(t, process.Spec{Args: []string{"serve", "--config", file}, Env: env}, "127.0.0.1:4317", "127.0.0.1:4318", "127.0.0.1:8888")
		})
	}
}

// runsOn runs otlpctl in a network of its own until it listens on all of the addresses, and stops it.
func runsOn(t *testing.T, spec process.Spec, addrs ...string) {
	t.Helper()
	inNetwork(t, spec, func(ns *netns.Namespace, _ *process.Process) {
		for _, addr := range addrs {
			if !reachable(t, ns, addr) {
				t.Errorf("nobody listens on %s", addr)
			}
		}
	})
}

// inNetwork runs otlpctl in a network of its own, calls while when it is ready, and stops it.
func inNetwork(t *testing.T, spec process.Spec, while func(*netns.Namespace, *process.Process)) {
	t.Helper()
	ns := netns.Run(t)
	spec.Name, spec.Path = "otlpctl", otlpctl(t)
	var p *process.Process
	ns.Do(func() { p = process.Run(t, spec) })
	local := http.Client{Transport: &http.Transport{DialContext: ns.Dial, DisableKeepAlives: true}}
	err := wait.Until(t.Context(), startLimit, "otlpctl to be ready", func() (bool, error) {
		code, _ := getWith(t.Context(), &local, "http://127.0.0.1:8888/ready")
		if !p.Running() {
			return false, &process.EndedError{Name: p.Name()}
		}
		return code == http.StatusOK, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	while(ns, p)
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, err := p.Wait(t.Context()); err != nil || code != 0 {
		t.Errorf("exit code %d, %v, want 0", code, err)
	}
}

func reachable(t *testing.T, ns *netns.Namespace, addr string) bool {
	t.Helper()
	c, err := ns.Dial(t.Context(), "tcp", addr)
	if err != nil {
		return false
	}
	_ = c.Close() // only the handshake mattered
	return true
}

// A configuration with components that do not exist here is refused with one error that lists all of them.
func TestUnsupportedComponents(t *testing.T) {
	t.Parallel()
	file := filepath.Join("testdata", "collector", "contrib.yaml")
	for _, command := range [][]string{{"serve"}, {"config", "show"}} {
		o := run(t, process.Spec{Name: command[0], Path: otlpctl(t), Args: append(command, "--config", file)})
		if o.code != 2 || o.stdout != "" || strings.Count(o.stderr, "error:") != 1 {
			t.Errorf("%s ends with %d, prints %q and says\n%s", command, o.code, o.stdout, o.stderr)
		}
		for _, component := range []string{
			"extensions.health_check", "extensions.pprof", "extensions.file_storage/queue",
			"receivers.hostmetrics", "receivers.prometheus", "receivers.filelog/containers",
			"processors.k8sattributes", "processors.resourcedetection", "processors.tail_sampling",
			"connectors.spanmetrics", "exporters.prometheusremotewrite", "exporters.elasticsearch/logs",
		} {
			if strings.Count(o.stderr, ": "+component+": unsupported ") != 1 {
				t.Errorf("%s does not list %s once:\n%s", command, component, o.stderr)
			}
		}
	}
}

// The specification's default.yaml and production.yaml run as written, with the variables that it exports: ENV chooses
// the file, and APP__ outranks it.
func TestSampleDeployment(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "config"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"default.yaml", "production.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata", "deployment", name))
		if err != nil {
			t.Fatal(err)
		}
		replace(t, filepath.Join(folder, "config", name), string(text))
	}
	exported := []string{"ENV=production", "APP__SERVER__PORT=4317", "APP__LOGGING__LEVEL=info"}
	f := func(name string, env, origins []string, grpc, closed string) {
		t.Run(name, func(t *testing.T) {
			shown := run(t, process.Spec{Name: "show", Path: otlpctl(t), Args: []string{"config", "show", "--origin"}, Cwd: folder, Env: env})
			for _, words := range origins {
				if !hasLine(shown.stdout, strings.Fields(words)...) {
					t.Errorf("config show has no %q:\n%s", words, shown.stdout)
				}
			}
			inNetwork(t, process.Spec{Args: []string{"serve"}, Cwd: folder, Env: env}, func(ns *netns.Namespace, _ *process.Process) {
				if closed != "" && reachable(t, ns, net.JoinHostPort("127.0.0.1", closed)) {
					t.Errorf("somebody listens on port %s", closed)
				}
				for protocol, port := range map[signal.Protocol]string{signal.GRPC: grpc, signal.HTTPProtobuf: "4318", signal.HTTPJSON: "4318"} {
					c, err := client.Dial(client.Target{Protocol: protocol, Addr: net.JoinHostPort("127.0.0.1", port), Dial: ns.Dial})
					if err != nil {
						t.Fatal(err)
					}
					for _, sig := range signal.All() {
						if err := c.Export(t.Context(), sig, numbered.Request(sig, 1, 3)); err != nil {
							t.Errorf("%s over %s: %v", sig, protocol, err)
						}
					}
					_ = c.Close()
				}
			})
		})
	}
	f("default", nil, []string{"workers: 4 default.yaml", "batch_size: 512 default.yaml", "level: info default.yaml"}, "4317", "")
	f("production", exported, []string{
		"workers: 16 production.yaml", "batch_size: 2048 production.yaml", "level: info APP__LOGGING__LEVEL", "port: 4317 APP__SERVER__PORT",
	}, "4317", "")
	f("another port", append(exported, "APP__SERVER__PORT=5317"), []string{"port: 5317 APP__SERVER__PORT"}, "5317", "4317")
}

// hasLine reports whether a line of the text has all of the words.
func hasLine(text string, words ...string) bool {
	for line := range strings.Lines(text) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			return true
		}
	}
	return false
}
