package config

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// validFixtures are the names of the files in testdata/config that load.
func validFixtures(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(fixtures, "valid-*.[yt][ao]ml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for i, path := range paths {
		paths[i] = filepath.Base(path)
	}
	return paths
}

// What is shown is a configuration, and the same one, unless it has secrets.
func TestShownLoadsAgain(t *testing.T) {
	f := func(name string, l Loaded, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		text, err := json.MarshalIndent(l.Show(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		again, err := load([]File{{"shown.json", text}}, Sources{}, receiverOptions(nil))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		for _, leaf := range l.Show().Leaves() {
			if leaf.Secret {
				return
			}
		}
		if diff := cmp.Diff(l.Config, again.Config); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
		second, _ := json.MarshalIndent(again.Show(), "", "  ")
		if string(second) != string(text) {
			t.Errorf("%s is shown differently:\n%s", name, cmp.Diff(string(text), string(second)))
		}
	}
	for _, name := range validFixtures(t) {
		l, err := loadFixture(t, name)
		f(name, l, err)
	}
	dollars := said{set: []string{
		"service.pipelines.traces.exporters=[file]", `exporters.file.path=$$${env:X}$$$${env:X} $`,
	}, env: []string{"X=${a}$$b$"}}
	l, err := dollars.load()
	f("dollars", l, err)
	if got := valueAt(t, l, "exporters.file.path"); got != "$${a}$$b$$${env:X} $" {
		t.Errorf("dollars: %s", got)
	}
	l, err = said{set: []string{"exporters.otlp.compression=", "exporters.otlp.endpoint=a:1"}}.load()
	f("an empty text over a default", l, err)
	l, err = said{files: yamlFiles("receivers: {otlp: {protocols: {grpc: {endpoint: '[::1]:4317'}}}}\nexporters: {nop: }\n" +
		"processors: {batch: {send_batch_size: 20000}}\nservice: {pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [nop]}}}")}.load()
	f("more than the short form can say", l, err)
	l, err = said{files: yamlFiles(full)}.load()
	f("timeouts that differ", l, err)
}

func TestShowOrigins(t *testing.T) {
	f := func(s said, path, want string) {
		t.Helper()
		l, err := s.load()
		if err != nil {
			t.Error(err)
			return
		}
		v := l.Show().Find(path)
		if v == nil {
			t.Errorf("%s is not shown", path)
			return
		}
		if got := v.Text() + " " + v.Origin.String(); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	f(said{}, "server.port", "4317 default")
	f(said{}, "service.shutdown.timeout", "30s default")
	f(said{files: yamlFiles("server: {port: 1}")}, "server.port", "1 a.yaml:1:16")
	f(said{files: yamlFiles("server: {port: 1}")}, "server.host", "0.0.0.0 default")
	f(said{files: yamlFiles("server: {port: 1}")}, "otlp.grpc_endpoint", "0.0.0.0:1 a.yaml:1:16")
	f(said{files: yamlFiles("server: {port: 1}")}, "receivers.otlp.protocols.grpc.endpoint", "0.0.0.0:1 a.yaml:1:16")
	f(said{files: yamlFiles("otlp: {grpc_endpoint: 'h:1'}")}, "server.host", "h a.yaml:1:23")
	f(said{files: yamlFiles("otlp: {grpc_endpoint: 'h:1'}"), env: []string{"APP__SERVER__PORT=2"}}, "server.host", "h a.yaml:1:23")
	f(said{files: yamlFiles("otlp: {grpc_endpoint: 'h:1'}"), env: []string{"APP__SERVER__PORT=2"}}, "server.port", "2 APP__SERVER__PORT")
	f(said{set: []string{"logging.format=text"}}, "service.telemetry.logs.encoding", "console --set logging.format")
	f(said{set: []string{"service.telemetry.logs.encoding=console"}}, "logging.format", "text --set service.telemetry.logs.encoding")
	f(said{files: yamlFiles(full, "otlp: {timeout_seconds: 1.5}")}, "exporters.otlp.timeout", "1.5s b.yaml:1:25")
	f(said{files: yamlFiles(full, "otlp: {timeout_seconds: 1.5}")}, "otlp.timeout_seconds", "1.5 b.yaml:1:25")
	f(said{files: yamlFiles(full)}, "service.pipelines.traces.exporters[2]", "otlp/two/b a.yaml:11:94")
	f(said{files: yamlFiles(full)}, "exporters.otlp.connections", "1 default")
	f(said{files: yamlFiles("service: {shutdown: {timeout: }}")}, "service.shutdown.timeout", "30s default")

	l, err := said{files: yamlFiles("database: {max_connections: 3}")}.load()
	if got := l.Show().Find("database.max_connections"); err != nil || got == nil || got.Origin.Line != 1 {
		t.Errorf("%v %v", got, err)
	}
	l, err = said{files: yamlFiles("logging: {level: WARN}")}.load()
	if got := l.Show().Find("service.telemetry.logs.level"); err != nil || got.Origin.Key != "logging.level" || got.Scalar != "warn" {
		t.Errorf("%v %v", got, err)
	}
	if l.Show().Find("database") != nil || l.Show().Find("receivers.otlp.protocols.http.tls") != nil {
		t.Error("what is not there is shown")
	}
}

const planted = "hunter2"

// secretive says secrets wherever some can be, some of them overridden.
func secretive() said {
	return said{
		files: yamlFiles("receivers: {otlp: {protocols: {http: {response_headers: {a: hunter2}}}}}\n"+
			"exporters:\n  otlp: {endpoint: 'x:1', headers: {a: 'hunter2', b: 'hunter2'}, tls: {key_pem: hunter2hunter2, cert_pem: c}}\n"+
			"  otlphttp: {endpoint: 'https://me:hunter2@x', proxy_url: 'http://me:hunter@2@hunter2@p', headers: [{name: a, value: hunter2}], sending_queue: {batch: }}\n"+
			"service: {pipelines: {traces: {receivers: [otlp], exporters: [otlp, otlphttp]}}}\n",
			"exporters: {otlp: {tls: {insecure: true, key_pem: '', cert_pem: ''}, headers: {a: other}}}"),
		env: []string{"APP__EXPORTERS__OTLP__HEADERS__A=hunter2", "APP__EXPORTERS__OTLPHTTP__HEADERS={a: hunter2}"},
		set: []string{"exporters.otlp.headers.a=hunter2"},
	}
}

func TestShownSecretsAreMasked(t *testing.T) {
	l, err := secretive().load()
	if err != nil {
		t.Fatal(err)
	}
	f := func(path string) {
		t.Helper()
		e, err := l.Explain(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(e)
		if err != nil || strings.Contains(string(text), planted) {
			t.Errorf("%s: %s %v", path, text, err)
		}
	}
	text, err := json.Marshal(l.Show())
	if err != nil || strings.Contains(string(text), planted) || !strings.Contains(string(text), `"a":"***"`) {
		t.Errorf("%s %v", text, err)
	}
	for _, leaf := range l.Show().Leaves() {
		f(leaf.Path)
	}
	for _, path := range []string{"", "exporters", "exporters.otlp", "exporters.otlp.headers", "exporters.otlp.tls.key_pem", "exporters.otlp.headers.b"} {
		f(path)
	}
	other, err := said{files: yamlFiles("exporters: {nop: }\nreceivers: {otlp: {protocols: {http: }}}\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}")}.load()
	if err != nil {
		t.Fatal(err)
	}
	text, err = json.Marshal(append(Diff(l, other), Diff(other, l)...))
	if err != nil || strings.Contains(string(text), planted) {
		t.Errorf("%s %v", text, err)
	}
}

// A secret that a higher layer overrides may stand beside a fault.
func TestOverriddenSecretsStayHidden(t *testing.T) {
	f := func(s said) {
		t.Helper()
		_, err := s.load()
		if err == nil || strings.Contains(err.Error(), planted) {
			t.Errorf("%v", err)
		}
	}
	const bad = "exporters: {otlp: {endpoint: bad, headers: {a: hunter2}, tls: {key_pem: hunter2}}, kafka: {zzz: hunter2}}\n"
	f(said{files: yamlFiles(bad), set: []string{"exporters.otlp.headers.a=x", "exporters.otlp.tls.key_pem=y"}})
	f(said{files: yamlFiles(bad, "exporters: {otlp: {headers: {a: x}, tls: {key_pem: y}}, kafka: }")})
	f(said{files: yamlFiles(bad, "exporters: {otlp: {headers: {}, tls: }}")})
	f(said{env: []string{"APP__EXPORTERS__OTLP={endpoint: bad, headers: {a: hunter2}}"}, set: []string{"exporters.otlp.headers.a=x"}})
}

func TestValueText(t *testing.T) {
	f := func(v any, want string) {
		t.Helper()
		if _, text := plainText(reflect.ValueOf(v)); text != want {
			t.Errorf("%v: %s, want %s", v, text, want)
		}
	}
	f(true, "true")
	f(uint32(7), "7")
	f(-7, "-7")
	f(0.1, "0.1")
	f(float32(0.1), "0.1")
	f("a b", "a b")
}

// What was encrypted is not shown either, whatever its key, nor what it is part of.
func TestShownSealedValuesAreMasked(t *testing.T) {
	_, to, identity := keyPair(t)
	l, err := said{
		files: yamlFiles("server: {host: '" + sealAt(t, to, "hunter2.internal", "server", "host") + "'}\n" +
			"service: {workers: '" + sealAt(t, to, "7", "service", "workers") + "'}\n"),
		env: []string{keyVariable + "=" + identity, "APP__SERVER__PORT=1"},
	}.load()
	if err != nil {
		t.Fatal(err)
	}
	f := func(path, want string) {
		t.Helper()
		if got := l.Show().Find(path); got == nil || got.Text() != want {
			t.Errorf("%s is shown as %v, want %s", path, got, want)
		}
		e, err := l.Explain(path)
		text, jsonErr := json.Marshal(e)
		if err != nil || jsonErr != nil || strings.Contains(string(text), planted) {
			t.Errorf("%s: %s %v %v", path, text, err, jsonErr)
		}
	}
	f("server.host", "***")
	f("server.port", "1")
	f("otlp.grpc_endpoint", "***")
	f("receivers.otlp.protocols.grpc.endpoint", "***")
	f("service.workers", "***")
	f("server.workers", "***")
}
