package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func explained(t *testing.T, s said, path string) Explanation {
	t.Helper()
	l, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Explain(path)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What each layer says, and which of it holds.
func TestExplainLayers(t *testing.T) {
	f := func(s said, path string, want ...string) {
		t.Helper()
		var got []string
		for _, row := range explained(t, s, path).Layers {
			state := "holds"
			if row.For != "" {
				state = "holds for " + row.For
			}
			if !row.InEffect {
				state = "below " + row.ShadowedBy
			}
			got = append(got, fmt.Sprintf("%s %s=%s %s", row.Origin, row.Path, row.Value, state))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n  %s\nwant\n  %s", path, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	timeout := "service.shutdown.timeout"
	f(said{}, timeout, "default service.shutdown.timeout=30s holds")
	f(said{
		files: yamlFiles("service: {shutdown: {timeout: 1s}}", "service: {shutdown: {timeout: 2s}}"),
		env:   []string{"APP__SERVICE__SHUTDOWN__TIMEOUT=3s"}, set: []string{timeout + "=4s", timeout + "=5s"},
	}, timeout,
		"default service.shutdown.timeout=30s below --set service.shutdown.timeout",
		"a.yaml:1:31 service.shutdown.timeout=1s below --set service.shutdown.timeout",
		"b.yaml:1:31 service.shutdown.timeout=2s below --set service.shutdown.timeout",
		"APP__SERVICE__SHUTDOWN__TIMEOUT service.shutdown.timeout=3s below --set service.shutdown.timeout",
		"--set service.shutdown.timeout service.shutdown.timeout=4s below --set service.shutdown.timeout",
		"--set service.shutdown.timeout service.shutdown.timeout=5s holds")
	f(said{files: yamlFiles("service: {shutdown: {timeout: 1s}}", "service: {shutdown: }")}, timeout,
		"default service.shutdown.timeout=30s holds",
		"a.yaml:1:31 service.shutdown.timeout=1s below b.yaml:1:11",
		"b.yaml:1:11 service.shutdown.timeout=nothing holds")
	f(said{files: yamlFiles("service: {shutdown: }")}, timeout, "default service.shutdown.timeout=30s holds")

	// The short form and the long one are one key.
	batch := said{files: yamlFiles("otlp: {batch_size: 7}"), set: []string{"processors.batch.send_batch_size=9"}}
	f(batch, "processors.batch.send_batch_size",
		"default processors.batch.send_batch_size=8192 below --set processors.batch.send_batch_size",
		"a.yaml:1:20 otlp.batch_size=7 below --set processors.batch.send_batch_size",
		"--set processors.batch.send_batch_size processors.batch.send_batch_size=9 holds")
	f(batch, "otlp.batch_size",
		"a.yaml:1:20 otlp.batch_size=7 below --set processors.batch.send_batch_size",
		"--set processors.batch.send_batch_size processors.batch.send_batch_size=9 holds")
	halves := said{files: yamlFiles("otlp: {grpc_endpoint: 'h:1'}"), env: []string{"APP__SERVER__PORT=2"}}
	f(halves, "receivers.otlp.protocols.grpc.endpoint",
		"default receivers.otlp.protocols.grpc.endpoint=0.0.0.0:4317 below a.yaml:1:23",
		"a.yaml:1:23 otlp.grpc_endpoint=h:1 holds for the host",
		"APP__SERVER__PORT server.port=2 holds for the port")
	f(halves, "server.port",
		"a.yaml:1:23 otlp.grpc_endpoint=h:1 below APP__SERVER__PORT",
		"APP__SERVER__PORT server.port=2 holds")
	f(halves, "server.host", "a.yaml:1:23 otlp.grpc_endpoint=h:1 holds")
	f(said{files: yamlFiles("otlp: {timeout_seconds: 9}", full)}, "otlp.timeout_seconds",
		"a.yaml:1:25 otlp.timeout_seconds=9 holds for exporters.otlp.timeout, exporters.otlp/two/b.timeout",
		"b.yaml:6:47 exporters.otlp/two-b.timeout=7s holds")

	// Lists, and elements of them.
	list := "service.pipelines.traces.exporters"
	f(said{set: []string{list + "=[debug]", list + "[0]=debug"}}, list,
		"default service.pipelines.traces.exporters=[debug] below --set service.pipelines.traces.exporters",
		"--set service.pipelines.traces.exporters service.pipelines.traces.exporters=[debug] holds",
		"--set service.pipelines.traces.exporters[0] service.pipelines.traces.exporters[0]=debug holds for the element")
	f(said{files: yamlFiles("receivers: {otlp: {protocols: {http: {compression_algorithms: 'gzip,zstd'}}}}\nexporters: {nop: }\n" +
		"service: {pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}")}, "receivers.otlp.protocols.http.compression_algorithms[1]",
		"default receivers.otlp.protocols.http.compression_algorithms[1]=gzip below a.yaml:1:63",
		"a.yaml:1:63 receivers.otlp.protocols.http.compression_algorithms[1]=zstd holds")
}

func TestExplain(t *testing.T) {
	e := explained(t, said{files: yamlFiles(full)}, "exporters.otlp/two-b.timeout")
	if e.Type != "duration" || e.Default != "5s" || e.Variable != "" || e.Value.Scalar != "7s" || !slices.Equal(e.Twins, []string{"otlp.timeout_seconds"}) {
		t.Errorf("%+v", e)
	}
	if e = explained(t, said{}, "APP__SERVER__PORT"); e.Path != "server.port" || e.Range != "1 to 65535" || e.Value.Scalar != int64(4317) || e.Variable != "APP__SERVER__PORT" {
		t.Errorf("%+v", e)
	}
	if e = explained(t, said{}, "exporters.otlphttp.timeout"); e.Default != "30s" || e.Value != nil || e.Note != "not set: there is no exporters.otlphttp" || len(e.Layers) > 0 {
		t.Errorf("%+v", e)
	}
	if e = explained(t, said{}, "exporters.otlp/new.sending_queue.batch.sizer"); !slices.Equal(e.Values, []string{"items", "bytes"}) || e.Variable != "" {
		t.Errorf("%+v", e)
	}
	if e = explained(t, said{files: yamlFiles(full)}, "exporters.otlp.keepalive.time"); e.Note != "not set: exporters.otlp.keepalive is off" || e.Default != "10s" {
		t.Errorf("%+v", e)
	}
	if e = explained(t, said{files: yamlFiles(full)}, "exporters.otlp.keepalive"); e.Note != "not set: exporters.otlp.keepalive is off" || len(e.Keys) != 3 {
		t.Errorf("%+v", e)
	}
	if e = explained(t, said{}, "receivers.otlp.protocols.http.compression_algorithms[1]"); e.Value.Scalar != "gzip" {
		t.Errorf("%+v", e)
	}
	if e = explained(t, said{}, "exporters.otlp.compression"); !slices.Contains(e.Values, "") || e.Doc == "" {
		t.Errorf("%+v", e)
	}
	e = explained(t, said{}, "exporters")
	var keys []string
	for _, key := range e.Keys {
		keys = append(keys, key.Key)
	}
	if got := strings.Join(keys, " "); got != "debug database file nop otlp otlp_grpc otlp_http otlphttp" || e.Keys[0].Value == nil || e.Keys[1].Value != nil {
		t.Errorf("%s", got)
	}
}

func TestExplainUnknown(t *testing.T) {
	l, err := said{files: yamlFiles(full)}.load()
	if err != nil {
		t.Fatal(err)
	}
	f := func(path, want string) {
		t.Helper()
		_, err := l.Explain(path)
		unknown, ok := errors.AsType[UnknownKeyError](err)
		if got := fmt.Sprintf("%v | %s", err, unknown.Hint()); !ok || got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	f("server.prt", `server.prt: server has no key "prt" | did you mean server.port?`)
	f("exporters.oltp.timeout", `exporters.oltp.timeout: there is no exporter type "oltp" | did you mean exporters.otlp.timeout?`)
	f("exporters.oltp/two", `exporters.oltp/two: there is no exporter type "oltp" | did you mean exporters.otlp/two?`)
	f("exporters.kafka", `exporters.kafka: there is no exporter type "kafka" | the types are database, debug, file, nop, otlp, otlp_grpc, otlp_http and otlphttp`)
	f("exporters.otlp.timeuot", `exporters.otlp.timeuot: exporters.otlp has no key "timeuot" | did you mean exporters.otlp.timeout?`)
	f("APP__SERVER__PROT", `APP__SERVER__PROT: server has no key that "PROT" could stand for | did you mean APP__SERVER__PORT?`)
	f("service.pipelines.traces.exporters[9]", "service.pipelines.traces.exporters[9]: service.pipelines.traces.exporters cannot have an element 9 without those before it | elements are numbered from 0")
	f("exporters.", `exporters.: exporters has no key "" | known keys: otlp, otlp/two-b, otlp/two/b, debug, database, file, nop, otlp_grpc, otlp_http, otlphttp`)
	f("server.port.x", `server.port.x: server.port has no key "x" | it is a value and has no keys`)
}
