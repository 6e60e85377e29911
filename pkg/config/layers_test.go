package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// said is what layers say: files by name, with their extension, then variables
// and flags. Files are layers in the order of their names.
type said struct {
	files []File
	env   []string
	set   []string
}

func yamlFiles(texts ...string) []File {
	var files []File
	for i, text := range texts {
		files = append(files, File{fmt.Sprintf("%c.yaml", 'a'+i), []byte(text)})
	}
	return files
}

func (s said) load() (Loaded, error) {
	from := Sources{Environ: s.env, Set: s.set}
	return load(s.files, from, receiverOptions(from.lookup()))
}

// valueAt follows a path through a configuration.
func valueAt(t *testing.T, l Loaded, path string) string {
	t.Helper()
	opts := receiverOptions(nil)
	at, fault := spotAt(rootSpot(reflect.ValueOf(Model{Config: l.Config}), nil, &opts), path)
	if fault != nil {
		t.Fatalf("%s %s", path, fault.problem)
	}
	return fmt.Sprint(at.preset)
}

const full = `
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:4317"}, http: }}, otlp/two: {protocols: {grpc: {endpoint: "0.0.0.0:5317"}}}}
processors: {batch: }
exporters:
  otlp: {endpoint: "backend:4317", headers: {x-tenant: a, authorization: b}}
  otlp/two-b: {endpoint: "two:4317", timeout: 7s}
  otlp/two/b: {endpoint: "three:4317"}
  debug:
service:
  pipelines:
    traces: {receivers: [otlp, otlp/two], processors: [batch], exporters: [otlp, otlp/two-b, otlp/two/b, debug]}
`

func TestLayers(t *testing.T) {
	f := func(s said, path, want string) {
		t.Helper()
		l, err := s.load()
		if err != nil {
			t.Errorf("%v", err)
			return
		}
		if got := valueAt(t, l, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	grpc := "receivers.otlp.protocols.grpc.endpoint"
	http := "receivers.otlp.protocols.http.endpoint"
	timeout := "service.shutdown.timeout"

	// Defaults, files in their order, environment, flags.
	f(said{}, timeout, "30s")
	f(said{files: yamlFiles("service: {shutdown: {timeout: 1s}}")}, timeout, "1s")
	f(said{files: yamlFiles("service: {shutdown: {timeout: 1s}}", "service: {shutdown: {timeout: 2s}}")}, timeout, "2s")
	lower := yamlFiles("service: {shutdown: {timeout: 1s}}")
	f(said{files: lower, env: []string{"APP__SERVICE__SHUTDOWN__TIMEOUT=3s"}}, timeout, "3s")
	f(said{files: lower, env: []string{"APP__SERVICE__SHUTDOWN__TIMEOUT=3s"}, set: []string{timeout + "=4s"}}, timeout, "4s")
	f(said{set: []string{timeout + "=4s", timeout + "=5s"}}, timeout, "5s")

	// Names of variables: any case, and _ for -, / and .; existing components first.
	f(said{env: []string{"APP__service__Shutdown__TIMEOUT=3s"}}, timeout, "3s")
	f(said{files: yamlFiles(full), env: []string{"APP__RECEIVERS__OTLP_TWO__PROTOCOLS__GRPC__ENDPOINT=:1"}}, "receivers.otlp/two.protocols.grpc.endpoint", ":1")
	f(said{files: yamlFiles(full), env: []string{"APP__EXPORTERS__OTLP__HEADERS__X_TENANT=c"}}, "exporters.otlp.headers", "map[authorization:[hidden] x-tenant:[hidden]]")
	f(said{files: yamlFiles(full), env: []string{"APP__EXPORTERS__OTLP__HEADERS__TENANT=c"}}, "exporters.otlp.headers", "map[authorization:[hidden] tenant:[hidden] x-tenant:[hidden]]")
	f(said{env: []string{"APP__EXPORTERS__DEBUG__VERBOSITY=detailed"}}, "exporters.debug.verbosity", "detailed")

	// Lists: by index, with commas, in brackets.
	pipeline := "service.pipelines.traces.exporters"
	f(said{files: yamlFiles(full), env: []string{"APP__SERVICE__PIPELINES__TRACES__EXPORTERS__3=otlp/two-b", "APP__SERVICE__PIPELINES__TRACES__EXPORTERS__1=debug"}}, pipeline, "[otlp debug otlp/two/b otlp/two-b]")
	f(said{files: yamlFiles(full), env: []string{"APP__SERVICE__PIPELINES__TRACES__EXPORTERS=otlp,debug"}}, pipeline, "[otlp debug]")
	f(said{files: yamlFiles(full), set: []string{pipeline + "=[debug]"}}, pipeline, "[debug]")
	f(said{files: yamlFiles(full), set: []string{pipeline + "[0]=debug", pipeline + "[3]=otlp"}}, pipeline, "[debug otlp/two-b otlp/two/b otlp]")

	// What runs without files can be changed from outside.
	f(said{env: []string{"APP__RECEIVERS__OTLP__PROTOCOLS__GRPC__ENDPOINT=127.0.0.1:1"}}, http, "0.0.0.0:4318")
	f(said{set: []string{"exporters.file.path=/tmp/x", pipeline + "=[file]"}}, pipeline, "[file]")
	f(said{set: []string{"exporters.file.path=/tmp/x", pipeline + "=[file]"}}, "service.pipelines.logs.exporters", "[debug]")

	// Text stays text, in a variable to the letter.
	f(said{env: []string{"APP__EXPORTERS__FILE__PATH=${env:X}$$"}, set: []string{pipeline + "=[file]"}}, "exporters.file.path", "${env:X}$$")
	f(said{env: []string{"X=007"}, set: []string{"exporters.file.path=${env:X}", pipeline + "=[file]"}}, "exporters.file.path", "007")

	// Sizes have units, or those of the key.
	body := "receivers.otlp.protocols.http.max_request_body_size"
	f(said{set: []string{body + "=64MiB"}}, body, "67108864")
	f(said{set: []string{body + "=10 MB"}}, body, "10000000")
	f(said{set: []string{body + "=4096"}}, body, "4096")
	f(said{set: []string{"receivers.otlp.protocols.grpc.max_recv_msg_size_mib=1GiB"}}, "receivers.otlp.protocols.grpc.max_recv_msg_size_mib", "1024")

	// The short form, and the higher of two layers whichever form it uses.
	f(said{files: yamlFiles("otlp: {grpc_endpoint: \"127.0.0.1:4317\"}"), env: []string{"APP__SERVER__PORT=5317"}}, grpc, "127.0.0.1:5317")
	f(said{files: yamlFiles("server: {host: 127.0.0.1}", "server: {port: 1}")}, grpc, "127.0.0.1:1")
	f(said{files: yamlFiles("server: {port: 1}", "server: {host: 127.0.0.1}")}, grpc, "127.0.0.1:1")
	f(said{files: yamlFiles("server: {port: 1}\notlp: {grpc_endpoint: \":2\"}")}, grpc, ":2")
	f(said{files: yamlFiles("otlp: {grpc_endpoint: \":2\"}", "server: {port: 1}")}, grpc, ":1")
	f(said{files: yamlFiles("server: {port: 1}", "otlp: {grpc_endpoint: \":2\"}")}, grpc, ":2")
	f(said{files: yamlFiles("server: {port: 1}", full)}, grpc, "127.0.0.1:4317")
	f(said{files: yamlFiles(full, "server: {port: 1}")}, grpc, "127.0.0.1:1")
	f(said{files: yamlFiles("otlp: {http_endpoint: \":3\"}")}, http, ":3")
	f(said{files: yamlFiles("otlp: {batch_size: 77}")}, "processors.batch.send_batch_size", "77")
	f(said{files: yamlFiles("otlp: {batch_size: 77}")}, "service.pipelines.logs.processors", "[batch]")
	f(said{files: yamlFiles(full, "otlp: {timeout_seconds: 9}")}, "exporters.otlp.timeout", "9s")
	f(said{files: yamlFiles(full, "otlp: {timeout_seconds: 1.5}")}, "exporters.otlp/two-b.timeout", "1.5s")
	f(said{files: yamlFiles("otlp: {timeout_seconds: 9}", full)}, "exporters.otlp.timeout", "9s")
	f(said{files: yamlFiles("otlp: {timeout_seconds: 9}", full)}, "exporters.otlp/two-b.timeout", "7s")
	f(said{files: yamlFiles("server: {workers: 3}")}, "service.workers", "3")
	f(said{files: yamlFiles("logging: {level: WARN}")}, "service.telemetry.logs.level", "warn")
	f(said{files: yamlFiles("logging: {format: text}")}, "service.telemetry.logs.encoding", "console")
	f(said{files: yamlFiles("logging: {format: text}\nservice: {telemetry: {logs: {encoding: console}}}")}, "service.telemetry.logs.encoding", "console")
}

func TestLayerFaults(t *testing.T) {
	f := func(s said, want string) {
		t.Helper()
		l, err := s.load()
		got := output(t, l, err)
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("a secret is shown:\n%s", got)
		}
	}
	// Names.
	f(said{env: []string{"APP__SERVR__PORT=1"}}, "APP__SERVR__PORT: the configuration has no key that \"SERVR\" could stand for\n      | APP__SERVR__PORT=***\n      | ^^^^^^^^^^^^^^^^\n  hint: did you mean APP__SERVER__PORT?\n")
	f(said{env: []string{"APP__SERVER__PROT=hunter2"}}, "hint: did you mean APP__SERVER__PORT?")
	f(said{env: []string{"APP__SERVER__PORT__X=1"}}, "APP__SERVER__PORT__X: server.port has no key that \"X\" could stand for")
	f(said{env: []string{"APP__=1"}}, "APP__: the configuration has no key that \"\" could stand for")
	f(said{env: []string{"APP__SERVER__PORT=1", "APP__server__PORT=2"}}, "APP__server__PORT: sets the same key as APP__SERVER__PORT")
	f(said{files: yamlFiles(full), env: []string{"APP__EXPORTERS__OTLP_TWO_B__TIMEOUT=1s"}}, "APP__EXPORTERS__OTLP_TWO_B__TIMEOUT: stands for exporters.otlp/two-b and exporters.otlp/two/b")
	f(said{files: yamlFiles(full), env: []string{"APP__EXPORTERS__OTLP__HEADERS__X_NEW=1"}}, "use --set or a file: a new key may have -, / or . where this has _")
	f(said{files: yamlFiles(full), env: []string{"APP__SERVICE__PIPELINES__TRACES__EXPORTERS__9=x"}}, "service.pipelines.traces.exporters cannot have an element 9 without those before it")
	f(said{env: []string{"APP__SERVICE__PIPELINES__TRACES__EXPORTERS__FIRST=x"}}, "is a list, and \"FIRST\" is no number of an element")
	f(said{set: []string{"server.prt=1"}}, "--set server.prt: server has no key \"prt\"")
	f(said{set: []string{"server.prt=1"}}, "hint: did you mean server.port?")
	f(said{set: []string{"server.port"}}, "--set server.port: has no value")
	f(said{set: []string{"=1"}}, "names no key")

	// Values.
	f(said{env: []string{"APP__SERVER__PORT=many"}}, "APP__SERVER__PORT: server.port: \"many\" is not a whole number\n      | APP__SERVER__PORT=many\n      |                   ^^^^\n")
	f(said{env: []string{"APP__SERVER__PORT=99999"}}, "APP__SERVER__PORT: server.port: \"99999\" is out of range: 1 to 65535")
	f(said{set: []string{"service.pipelines.traces.exporters=[debug"}}, "--set service.pipelines.traces.exporters: a list or mapping in brackets is not closed")
	f(said{set: []string{"receivers.otlp.protocols.http.max_request_body_size=1TiB"}}, "\"1TiB\" is not a whole number")
	f(said{set: []string{"receivers.otlp.protocols.http.max_request_body_size=3GiB"}}, "is out of range: 0 to 2147483647 bytes")
	f(said{set: []string{"receivers.otlp.protocols.http.max_request_body_size=3KIB"}}, "is not a whole number")
	f(said{set: []string{"receivers.otlp.protocols.grpc.max_recv_msg_size_mib=1KiB"}}, "\"1KiB\" is no multiple of 1 MiB")
	f(said{set: []string{"exporters.file.path=${env:GONE}"}}, "the environment variable GONE is not set")
	f(said{env: []string{"APP__DATABASE__URL=mysql://u:hunter2@db/x"}}, "APP__DATABASE__URL: database.url: begins with neither postgres: nor sqlite:, the databases there are\n      | APP__DATABASE__URL=***")

	// The short form.
	f(said{files: yamlFiles("server: {port: 0}")}, "a.yaml:1:16: server.port: \"0\" is out of range: 1 to 65535")
	f(said{files: yamlFiles("otlp: {batch_size: 10001}")}, "otlp.batch_size: \"10001\" is out of range: 1 to 10000 items")
	f(said{files: yamlFiles("otlp: {grpc_endpoint: nowhere}")}, "a.yaml:1:23: otlp.grpc_endpoint: \"nowhere\" is no address")
	f(said{files: yamlFiles("logging: {level: loud}")}, "a.yaml:1:18: logging.level: \"loud\" must be debug, info, warn or error")
	conflict := "otlp: {grpc_endpoint: \":1\"}\nreceivers: {otlp: {protocols: {grpc: {endpoint: \":2\"}}}}"
	f(said{files: yamlFiles(conflict)}, "a.yaml:2:49: receivers.otlp.protocols.grpc.endpoint: is \":2\", but otlp.grpc_endpoint, which is short for it, is \":1\"")
	f(said{files: yamlFiles(conflict)}, "see a.yaml:1:23: otlp.grpc_endpoint: the other value")
	f(said{files: yamlFiles("server: {port: 1}\nreceivers: {otlp: {protocols: {grpc: {endpoint: \":2\"}}}}")}, "but server.port, which is short for it, is \"1\"")
	f(said{env: []string{"APP__LOGGING__LEVEL=info", "APP__SERVICE__TELEMETRY__LOGS__LEVEL=warn"}}, "but logging.level, which is short for it, is \"info\"")
	f(said{files: yamlFiles("otlp: {http_endpoint: \":1\"}\nserver: {workers: 2}", strings.NewReplacer("otlp:", "otlp/one:", "[otlp", "[otlp/one", "batch:", "batch/b:", "[batch", "[batch/b").Replace(full))},
		"otlp.http_endpoint: has no effect: it is short for receivers.otlp.protocols.http.endpoint, and there is no receivers.otlp")
}

// The folder of a process: default.*, then that of the environment.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := func(environment, want string) {
		t.Helper()
		l, err := Load(Sources{Folder: dir, Environment: environment})
		if err != nil {
			t.Error(err)
			return
		}
		if got := fmt.Sprint(l.Config.Service.Workers, " ", l.Config.Service.Telemetry.Logs.Level, " ", len(l.Files)); got != want {
			t.Errorf("%q: %s, want %s", environment, got, want)
		}
	}
	f("", "0 info 0")
	write("default.yaml", "server: {workers: 4}")
	write("production.toml", "[server]\nworkers = 16\n[logging]\nlevel = \"warn\"\n")
	f("", "4 info 1")
	f("production", "16 warn 2")
	f("default", "4 info 1")
	f("unheard-of", "4 info 1")
	write("development.yaml", "server: {workers: 1}")
	f("", "1 info 2")

	write("production.yaml", "")
	for environment, want := range map[string]string{
		"production": "production.yaml exists as well",
		"../x":       "ENV: \"../x\" is no name of an environment",
		"..":         "is no name of an environment",
	} {
		_, err := Load(Sources{Folder: dir, Environment: environment})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", environment, err, want)
		}
	}
}

// The specification's samples load as they are written.
func TestSpecifiedSamples(t *testing.T) {
	files := []File{
		{"config/default.yaml", []byte("server:\n  host: \"0.0.0.0\"\n  port: 4317\n  workers: 4\n\notlp:\n  grpc_endpoint: \"0.0.0.0:4317\"\n  http_endpoint: \"0.0.0.0:4318\"\n  batch_size: 512\n  timeout_seconds: 30\n\nlogging:\n  level: \"info\"\n  format: \"json\"\n")},
		{"config/production.yaml", []byte("server:\n  workers: 16\n\notlp:\n  batch_size: 2048\n\nlogging:\n  level: \"warn\"\n")},
	}
	l, err := said{files: files, env: []string{"ENV=production", "APP__SERVER__PORT=4317", "APP__LOGGING__LEVEL=info"}}.load()
	if err != nil || len(l.Warnings) > 0 {
		t.Fatal(err, l.Warnings)
	}
	for path, want := range map[string]string{
		"service.workers": "16", "processors.batch.send_batch_size": "2048", "service.telemetry.logs.level": "info",
		"receivers.otlp.protocols.grpc.endpoint": "0.0.0.0:4317",
	} {
		if got := valueAt(t, l, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
