package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func diffOf(t *testing.T, a, b string) []string {
	t.Helper()
	var sides [2]Loaded
	for i, text := range []string{a, b} {
		l, err := LoadWritten([]File{{"x.yaml", []byte(text)}}, nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		sides[i] = l
	}
	var found []string
	text := func(v *Value) string {
		if v == nil {
			return "-"
		}
		return v.Text()
	}
	for _, d := range Diff(sides[0], sides[1]) {
		line := fmt.Sprintf("%s %s %s", d.Path, text(d.A), text(d.B))
		if d.Secret {
			line += " secret"
		}
		found = append(found, line)
	}
	return found
}

func TestDiff(t *testing.T) {
	f := func(a, b string, want ...string) {
		t.Helper()
		if got := diffOf(t, a, b); !slices.Equal(got, want) {
			t.Errorf("%s\n%s\ngot  %q\nwant %q", a, b, got, want)
		}
	}
	// How it is written makes no difference.
	f("", "")
	f(full, full)
	f("", "server: {host: 0.0.0.0, port: 4317} # the defaults")
	f("server: {port: 1}", "receivers: {otlp: {protocols: {grpc: {endpoint: '0.0.0.0:1'}, http: }}}\nexporters: {debug: }\n"+
		"service: {pipelines: {traces: &x {receivers: [otlp], exporters: [debug]}, metrics: *x, logs: *x}}")
	f("service: {shutdown: {timeout: 60s, delay: 1s}}", "service: {shutdown: {delay: 1000ms, timeout: 1m}}")
	f("logging: {level: WARN}", "service: {telemetry: {logs: {level: warn}}}")
	f("exporters: {otlp: {endpoint: 'a:1', headers: {x: y}}}", "exporters: {otlp: {endpoint: 'a:1', headers: [{name: x, value: y}]}}")

	f("server: {port: 1}", "", "receivers.otlp.protocols.grpc.endpoint 0.0.0.0:1 0.0.0.0:4317")
	f("service: {shutdown: {timeout: 1s}}", "service: {shutdown: {timeout: 2s}}", "service.shutdown.timeout 1s 2s")
	f("exporters: {file: {path: x}}", "exporters: {nop: }",
		"exporters.file {} -", "exporters.file.path x -", "exporters.nop - {}")
	f("exporters: {otlp: {keepalive: {time: 3s}}}", "exporters: {otlp: }",
		"exporters.otlp.keepalive {} -", "exporters.otlp.keepalive.time 3s -")
	f("service: {pipelines: {logs: {receivers: [a], exporters: [b]}}}", "service: {pipelines: {logs: {receivers: [a], exporters: [b, c]}}}",
		"service.pipelines.logs.exporters [b] [b, c]")
	f("service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: a, port: 1}}}}]}}}",
		"service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: a, port: 2}}}}]}}}",
		"service.telemetry.metrics.readers[0].pull.exporter.prometheus.port 1 2")

	// References are text, wherever they stand.
	f("server: {workers: '${env:N}'}", "server: {workers: '${env:N}'}")
	f("server: {workers: '${env:N}'}", "server: {workers: 3}", "service.workers ${env:N} 3")
	f("server: {port: '${env:P}', host: '${env:H}'}", "", "receivers.otlp.protocols.grpc.endpoint ${env:H}:${env:P} 0.0.0.0:4317")
	f("exporters: {otlp: {endpoint: '${env:H:-a}:1', timeout: '${file:/gone}', headers: {a: '${X}'}}}", "exporters: {otlp: {endpoint: 'a:1'}}",
		"exporters.otlp.endpoint ${env:H:-a}:1 a:1", "exporters.otlp.headers {} -", "exporters.otlp.headers.a *** - secret",
		"exporters.otlp.timeout ${file:/gone} 5s")
	f("exporters: {file: {path: 'a$$b'}}", "exporters: {file: {path: 'a$b'}}")
	f("service: {pipelines: {logs: {exporters: '${env:LIST}'}}}", "service: {pipelines: {logs: {exporters: [a]}}}",
		"service.pipelines.logs.exporters ${env:LIST} [a]")
	f("service: {workers: 'ENC[age,eA==]'}", "service: {workers: 'ENC[age,eQ==]'}", "service.workers ENC[age,eA==] ENC[age,eQ==]")

	// Secrets differ, and that is all.
	f("exporters: {otlp: {headers: {a: hunter2}}}", "exporters: {otlp: {headers: {a: hunter3}}}", "exporters.otlp.headers.a *** *** secret")
	f("exporters: {otlphttp: {endpoint: 'http://me:hunter2@h'}}", "exporters: {otlphttp: {endpoint: 'http://me:hunter3@h'}}",
		"exporters.otlphttp.endpoint http://***@h http://***@h secret")
	f("database: {url: 'postgres://hunter2@h'}", "database: {url: 'postgres://hunter3@h'}", "exporters.database.url *** *** secret")
	f("database: {url: 'postgres://hunter2@h'}", "", "exporters.database {} -", "exporters.database.url *** - secret", "exporters.debug - {}",
		"service.pipelines.logs.exporters [database] [debug]", "service.pipelines.metrics.exporters [database] [debug]",
		"service.pipelines.traces.exporters [database] [debug]")
}

func TestDiffKeepsToFaults(t *testing.T) {
	_, err := LoadWritten([]File{{"x.yaml", []byte("server: {prt: 1, workers: many}")}}, nil)
	if err == nil || !strings.Contains(err.Error(), "did you mean port") || !strings.Contains(err.Error(), "not a whole number") {
		t.Errorf("%v", err)
	}
}

func TestSide(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("APP__SERVER__WORKERS", "9")
	t.Setenv("ENV", "production")
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll("config", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("config", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("default.yaml", "server: {workers: 1, port: 7}")
	write("production.toml", "[server]\nworkers = 2\n")
	write("only", "")
	f := func(name, want string) {
		t.Helper()
		l, err := Side(name)
		if err != nil {
			if want == "" || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		if got := fmt.Sprint(l.Config.Service.Workers, " ", l.Config.Receivers["otlp"].Protocols.GRPC.Endpoint); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("production", "2 0.0.0.0:7")
	f("default", "1 0.0.0.0:7")
	f("config/production.toml", "2 0.0.0.0:4317")
	f("config/only", "0 0.0.0.0:4317")
	f("staging", filepath.Join("config", "staging.yaml")+": no such file, nor")
	f("only", "there is no environment \"only\"")
	f("gone.yaml", "gone.yaml: no such file")
	f("", "no environment")
	if got := Environments(); !slices.Equal(got, []string{"default", "production"}) {
		t.Errorf("%q", got)
	}
}
