package config

import (
	"reflect"
	"testing"
	"time"
)

func TestScalars(t *testing.T) {
	f := func(text string, want testEverything) {
		t.Helper()
		conf, _, _, err := decodeText(t, "everything:\n  "+text+"\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if !reflect.DeepEqual(conf.Everything, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, conf.Everything, want)
		}
	}
	f("bool: true", testEverything{Bool: true})
	f("bool: True", testEverything{Bool: true})
	f("bool: ${env:YES}", testEverything{Bool: true})
	f(`bool: "${env:YES}"`, testEverything{Bool: true})
	f("int: -7", testEverything{Int: -7})
	f("int: 1_000", testEverything{Int: 1000})
	f("int: 0x1F", testEverything{Int: 31})
	f("int: 0o17", testEverything{Int: 15})
	f("int: 0", testEverything{})
	f("int8: -128", testEverything{Int8: -128})
	f("uint16: 65535", testEverything{Uint16: 65535})
	f("uint16: ${PORT}", testEverything{Uint16: 4317})
	f("uint16: !!int 7", testEverything{Uint16: 7})
	f("float: 0.5", testEverything{Float: 0.5})
	f("float: 1", testEverything{Float: 1})
	f("float: 1e-3", testEverything{Float: 0.001})
	f("duration: 1m30s", testEverything{Duration: 90 * time.Second})
	f(`duration: "5s"`, testEverything{Duration: 5 * time.Second})
	f("duration: 0", testEverything{})
	f("signed: -5m", testEverything{Signed: -5 * time.Minute})

	f("text: plain", testEverything{Text: "plain"})
	f("text: no", testEverything{Text: "no"})
	f("text: on", testEverything{Text: "on"})
	f("text: 1.10", testEverything{Text: "1.10"})
	f("text: 0777", testEverything{Text: "0777"})
	f("text: 2001-01-01", testEverything{Text: "2001-01-01"})
	f("text: true", testEverything{Text: "true"})
	f(`text: ""`, testEverything{})
	f("text: !!str 5", testEverything{Text: "5"})
	f("text: |\n    two\n    lines", testEverything{Text: "two\nlines\n"})
	f("text: ${env:PIN}", testEverything{Text: "0042"})
	f("text: https://${env:HOST}:${PORT}/v1", testEverything{Text: "https://example.test:4317/v1"})
	f("text: ${env:NONE:-fallback}", testEverything{Text: "fallback"})
	f("text: ${env:NONE:-}", testEverything{})
	f("text: ${env:EMPTY:-fallback}", testEverything{})
	f("text: ${env:NONE:-a${env:NONE:-${HOST}}b}", testEverything{Text: "aexample.testb"})
	f("text: $${env:HOST} costs 5$ or $5 or $$", testEverything{Text: "${env:HOST} costs 5$ or $5 or $"})
	f("text: ${env:DOLLAR}", testEverything{Text: "$${HOST}"})

	f("text: ~", testEverything{})
	f("int: null", testEverything{})
	f("opt_text: ~", testEverything{})
	f("opt_text: x", testEverything{OptText: new("x")})
	f(`opt_text: ""`, testEverything{OptText: new("")})
	f("opt_bool: false", testEverything{OptBool: new(false)})
	f("color: GREEN", testEverything{Color: 2})
}

func TestCollections(t *testing.T) {
	f := func(text string, want testEverything) {
		t.Helper()
		conf, _, _, err := decodeText(t, "everything:\n  "+text+"\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if !reflect.DeepEqual(conf.Everything, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, conf.Everything, want)
		}
	}
	f("strings: [a, 1, no]", testEverything{Strings: []string{"a", "1", "no"}})
	f("strings: []", testEverything{Strings: []string{}})
	f("strings: one", testEverything{Strings: []string{"one"}})
	f("strings: ${env:LIST}", testEverything{Strings: []string{"a", "b"}})
	f("strings: ${env:EMPTY}", testEverything{Strings: []string{}})
	f("ints:\n  - 1\n  - 2", testEverything{Ints: []int{1, 2}})
	f("ints: 3,4", testEverything{Ints: []int{3, 4}})
	f("structs: [{endpoint: a}, {}]", testEverything{Structs: []testAdmin{{"a"}, {}}})
	f("map: {a: 1, 2: 2, on: 3}", testEverything{Map: map[string]int{"a": 1, "2": 2, "on": 3}})
	f("map: [{name: a, value: 1}, {name: b, value: 2}]", testEverything{Map: map[string]int{"a": 1, "b": 2}})
	f("map:", testEverything{})
	f("by_id: {x/y: , z: {endpoint: e}}", testEverything{ByID: map[testID]*testServer{
		{"x", "y"}: {Endpoint: "localhost:1"}, {"z", ""}: {Endpoint: "e"},
	}})
	f("any: {a: [1, 1.5, yes, true, ~], b: '2'}", testEverything{Any: map[string]any{
		"a": []any{int64(1), 1.5, "yes", true, nil}, "b": "2",
	}})
}

// Nothing below a key means the defaults, where there are some.
func TestOptionalSections(t *testing.T) {
	on, off := &testServer{Endpoint: "localhost:1"}, (*testServer)(nil)
	f := func(text string, wantGRPC, wantHTTP *testServer) {
		t.Helper()
		conf, _, _, err := decodeText(t, "receivers:\n  otlp:\n    "+text+"\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		want := &testOTLP{wantGRPC, wantHTTP}
		if got := conf.Receivers["otlp"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, got, want)
		}
	}
	f("grpc:", on, off)
	f("grpc: {}\n    http:", on, on)
	f("{grpc: , http: {endpoint: b}}", on, &testServer{Endpoint: "b"})
	f("{grpc: {enabled: false}, http: {enabled: true}}", off, on)
	f("{http: {tls: }}", off, on) // no defaults: naming it sets nothing
	f("{http: {tls: {insecure: true}}}", off, &testServer{Endpoint: "localhost:1", TLS: &testTLS{Insecure: true}})
	f("{http: {tls: {enabled: false, ca_file: x}}}", off, on)
}

func TestComponents(t *testing.T) {
	conf, _, warnings, err := decodeText(t, `
exporters:
  send: {endpoint: a}
  send/two:
    endpoint: b
    timeout: 1s
    headers: {authorization: Bearer x}
  ship:
    endpoint: c
    loglevel: info
    loud: ON
`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[testID]any{
		{"send", ""}:    &testExporter{Endpoint: "a", Timeout: 5 * time.Second, Queue: 100, Level: "basic"},
		{"send", "two"}: &testExporter{Endpoint: "b", Timeout: time.Second, Queue: 100, Level: "basic", Headers: map[string]string{"authorization": "Bearer x"}},
		{"ship", ""}:    &testExporter{Endpoint: "c", Timeout: 5 * time.Second, Queue: 100, Level: "basic", OldLevel: "info", Loud: "on"},
	}
	if !reflect.DeepEqual(conf.Exporters, want) {
		t.Errorf("got  %+v\nwant %+v", conf.Exporters, want)
	}
	wantWarnings := `a.yaml:8:3: exporters.ship: the exporter type ship is deprecated
    8 |   ship:
      |   ^^^^
  hint: rename it to send
a.yaml:10:5: exporters.ship.loglevel: the key is deprecated
   10 |     loglevel: info
      |     ^^^^^^^^
  hint: use level`
	if got := warnings.String(); got != wantWarnings {
		t.Errorf("got\n%s\nwant\n%s", got, wantWarnings)
	}
}

func TestAliases(t *testing.T) {
	conf, _, _, err := decodeText(t, `
exporters:
  send: &base
    endpoint: a
    tls: &tls {insecure: true}
    queue: 7
  send/two:
    <<: *base
    endpoint: b
  send/three:
    <<: [{queue: 1}, *base]
  nop:
    endpoint: c
    tls: *tls
`)
	if err != nil {
		t.Fatal(err)
	}
	f := func(id testID, endpoint string, queue int) {
		t.Helper()
		e := conf.Exporters[id].(*testExporter)
		if e.Endpoint != endpoint || e.Queue != queue || !e.TLS.Insecure {
			t.Errorf("%s: %+v", id, e)
		}
	}
	f(testID{"send", ""}, "a", 7)
	f(testID{"send", "two"}, "b", 7)
	f(testID{"send", "three"}, "a", 1)
	f(testID{"nop", ""}, "c", 100)
}

func TestFilesMerge(t *testing.T) {
	f := func(want string, texts ...string) {
		t.Helper()
		conf, _, _, err := decodeText(t, texts...)
		if err != nil {
			t.Errorf("%q: %v", texts, err)
			return
		}
		e := conf.Everything
		got := e.Text + "|" + conf.Admin.Endpoint
		for _, s := range e.Strings {
			got += "|" + s
		}
		if got != want {
			t.Errorf("%q: %s, want %s", texts, got, want)
		}
	}
	const base = "everything: {text: a, strings: [x, y]}\nadmin: {endpoint: e}\n"
	f("a|e|x|y", base)
	f("a|e|x|y", base, "")
	f("a|e|x|y", base, "# only a comment\n")
	f("a|e|x|y", "---\n"+base+"---\n")
	f("b|e|x|y", base, "everything: {text: b}\n")
	f("a|e|z", base, "everything:\n  strings: [z]\n")
	f("c|e|x|y", base, "everything: {text: b}\n", "everything: {text: c}\n")
	f("a|e|x|y", base, "everything: {}\n")
	f("|e", base, "everything:\n") // nothing replaces: the defaults again
}

func TestOrigins(t *testing.T) {
	_, origins, _, err := decodeText(t,
		"exporters:\n  send/a.b: {endpoint: x}\nservice:\n  pipelines:\n    traces:\n      exporters: [send/a.b]\n",
		"service:\n  pipelines:\n    logs: {exporters: [send/a.b]}\n")
	if err != nil {
		t.Fatal(err)
	}
	f := func(path, want string, wantSet bool) {
		t.Helper()
		pos, set := origins.Position(path)
		if pos.String() != want || set != wantSet {
			t.Errorf("%s: %s %v, want %s %v", path, pos, set, want, wantSet)
		}
	}
	f("exporters.send/a.b.endpoint", "a.yaml:2:24", true)
	f("exporters.send/a.b.timeout", "a.yaml:2:3", false)
	f("service.pipelines.traces.exporters[0]", "a.yaml:6:19", true)
	f("service.pipelines.traces.exporters[1]", "a.yaml:6:7", false)
	f("service.pipelines.logs.exporters[0]", "b.yaml:3:24", true)
	f("service.pipelines", "b.yaml:2:3", true)
	f("admin.endpoint", "b.yaml:1:1", false)

	if pos, set := (Origins{}).Position("admin"); set || pos != (Position{}) {
		t.Errorf("without files: %v %v", pos, set)
	}
}

func TestMisuse(t *testing.T) {
	f := func(target any) {
		t.Helper()
		_, _, err := Decode(target, []File{{Name: "a.yaml", Data: []byte("a: {b: c}\n")}}, Options{})
		if err == nil {
			t.Errorf("%T: no error", target)
		}
		if _, ok := err.(Errors); ok { //nolint:errorlint // the type itself is the question
			t.Errorf("%T: the user is blamed: %v", target, err)
		}
	}
	f(nil)
	f(testConfig{})
	f((*testConfig)(nil))
	f(new(int))
	f(&struct {
		A chan int `yaml:"a"`
	}{})
	f(&struct {
		A int `yaml:"a" min:"x"`
	}{})
	f(&struct {
		A string `yaml:"a" max:"1"`
	}{})
	f(&struct {
		A int `yaml:"a" enum:"x|y"`
	}{})
	f(&struct {
		A int `yaml:"a"`
		B int `yaml:"a"`
	}{})
	f(&struct {
		A map[int]string `yaml:"a"`
	}{})
	f(&struct {
		A map[string]error `yaml:"a"`
	}{})
	f(&struct {
		A int `yaml:"a" secret:"yes"`
	}{})
}
