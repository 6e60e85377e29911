package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever a file holds, decoding ends without a panic, faults point into the
// file, and what decodes once decodes again to the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "---\n", "a: b: c\n", "\ta: 1\n", "[a]", "&a [*a]", "a: *b\n", "? [x]\n: y\n", "\ufeffadmin: {}\n", "a: \"\\x\n",
		"everything: {bool: yes, int: 010, duration: 5, strings: a, ints: [x], secret: [x], any: {a: [1, ~]}}\n",
		"everything:\n  text: ${env:HOST:-${x}}$$\n  <<: [{int: 1}, {int: 2}]\n",
		"exporters:\n  send: &x {endpoint: a, headers: [{name: a, value: b}]}\n  send/two: {<<: *x, queue: 0}\n  kafka:\n",
		"receivers:\n  otlp: {grpc: {enabled: false}, http: {tls: {insecure: true, ca_file: x}}}\nextensions: {a: }\n",
		"service:\n  pipelines:\n    traces: {receivers: [otlp], exporters: [send, nop]}\n",
		"a: |\n  x\n b: 1\n", "a: 1\r\nb: \u2028 {x: y}\n", "!!map {a: !x b}\n", "a: 'x\n\n  y'\nb: >-\n  z\n",
	} {
		f.Add(seed, "")
		f.Add("admin: {endpoint: a}\n", seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		texts := map[string]string{"a.yaml": first, "b.yaml": second}
		decode := func() (testConfig, Warnings, error) {
			var conf testConfig
			_, warnings, err := Decode(&conf, []File{{"a.yaml", []byte(first)}, {"b.yaml", []byte(second)}}, testOptions())
			return conf, warnings, err
		}
		conf, warnings, err := decode()
		var errs Errors
		if err != nil && !errors.As(err, &errs) {
			t.Fatalf("error of type %T: %v", err, err)
		}
		if err != nil && len(errs) == 0 {
			t.Fatal("an error without a finding")
		}
		for _, finding := range append(errs, warnings...) {
			checkPlace(t, finding.Position, texts)
			for _, r := range finding.Related {
				checkPlace(t, r.Position, texts)
			}
			if finding.Problem == "" || strings.ContainsAny(finding.String(), "\n\r") {
				t.Errorf("not one line: %q", finding)
			}
		}
		again, _, errAgain := decode()
		if (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error() || !reflect.DeepEqual(conf, again) {
			t.Errorf("decoded twice:\n%v %+v\n%v %+v", err, conf, errAgain, again)
		}
	})
}

func checkPlace(t *testing.T, pos Position, texts map[string]string) {
	t.Helper()
	if pos.Line == 0 {
		return
	}
	text, ok := texts[pos.File]
	lines := splitLines(text)
	if !ok || pos.Line < 1 || pos.Line > len(lines) {
		t.Fatalf("%s is in no file", pos)
	}
	if pos.Column < 1 || pos.Column > utf8.RuneCountInString(lines[pos.Line-1])+1 {
		t.Fatalf("%s is beyond the line %q", pos, lines[pos.Line-1])
	}
}

// Whatever a file holds, in either language, loading ends soon with a valid
// configuration or with faults, and no fault is more than a line.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", Starter(), "admin: {endpoint: x}\n", "receivers:\n  otlp: {protocols: {grpc: , http: }}\nexporters: {debug: }\nservice: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}\n",
		"server: {port: 1}\notlp: {grpc_endpoint: \":2\", batch_size: 0, timeout_seconds: 1e9}\n", "a: &a [*a]\n", "service: {pipelines: {x/y: {receivers: [], exporters: [z]}}}\n",
		"exporters: {otlp: {endpoint: \"${env:X:-${Y}}\", headers: {a: ENC[age,AAAA]}}}\n", "service: {telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {port: -1}}}}]}}}\n",
	} {
		f.Add([]byte(seed), false)
	}
	for _, seed := range []string{
		"", "[server]\nport = 1\n", "receivers.otlp.protocols.http = {}\nexporters.file = {path = \"x\", rotation = {}}\n[service.pipelines.logs]\nreceivers = [\"otlp\"]\nexporters = [\"file\"]\n",
		"a.b = 1\na.b.c = 2\n", "[[service]]\n[service.x]\n", "x = 1979-05-27T07:32:00Z\ny = nan\n", "s = \"\"\"\n",
	} {
		f.Add([]byte(seed), true)
	}
	opts := receiverOptions(func(string) (string, bool) { return "", false })
	f.Fuzz(func(t *testing.T, data []byte, toml bool) {
		name := "x.yaml"
		if toml {
			name = "x.toml"
		}
		began := time.Now()
		loaded, err := load([]File{{Name: name, Data: data}}, Sources{}, opts)
		if took := time.Since(began); took > longestLoad {
			t.Errorf("took %s", took)
		}
		var errs Errors
		switch {
		case err == nil:
			if err := loaded.Config.Validate(); err != nil {
				t.Errorf("loaded, and invalid: %v", err)
			}
			_ = loaded.Show() // whatever loads can be shown
		case !errors.As(err, &errs) || len(errs) == 0:
			t.Fatalf("error of type %T: %v", err, err)
		}
		for _, f := range append(errs, loaded.Warnings...) {
			if f.Problem == "" || strings.ContainsAny(f.String(), "\n\r") {
				t.Errorf("not one line: %q", f)
			}
		}
	})
}

// longestLoad bounds the time for a file of the size that a fuzzer makes, on a
// machine that does other things as well.
const longestLoad = 10 * time.Second
