package config

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// checkFaults compares findings with lines "position: path: problem | hint".
func checkFaults(t *testing.T, text string, err error, want []string) {
	t.Helper()
	var errs Errors
	if err != nil && !errors.As(err, &errs) {
		t.Fatalf("%s\nerror of type %T: %v", text, err, err)
	}
	var got []string
	for _, f := range errs {
		line := strings.TrimPrefix(f.String(), "a.yaml:")
		if f.Hint != "" {
			line += " | " + f.Hint
		}
		got = append(got, line)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\ngot\n  %s\nwant\n  %s", text, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestWrongValues(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		for i := range want {
			want[i] = "2:" + want[i]
		}
		_, _, _, err := decodeText(t, "everything:\n  "+text+"\n")
		checkFaults(t, text, err, want)
	}
	f("bool: yes", `9: everything.bool: "yes" is not true or false | write true`)
	f("bool: Off", `9: everything.bool: "Off" is not true or false | write false`)
	f("bool: maybe", `9: everything.bool: "maybe" is not true or false`)
	f(`bool: "true"`, `9: everything.bool: "true" is text because of its quotes, not true or false | remove the quotes`)
	f("opt_bool: 1", `13: everything.opt_bool: "1" is not true or false | write true`)
	f("int: abc", `8: everything.int: "abc" is not a whole number`)
	f("int: 1.5", `8: everything.int: "1.5" is not a whole number`)
	f("int: 1e3", `8: everything.int: "1e3" is not a whole number | write 1000`)
	f("int: 010", `8: everything.int: "010" has a leading zero, which YAML readers take for octal or not | write 10`)
	f("int: -00", `8: everything.int: "-00" has a leading zero, which YAML readers take for octal or not | write 0`)
	f("int: 99999999999999999999", `8: everything.int: "99999999999999999999" is out of range: -9223372036854775808 to 9223372036854775807`)
	f("int8: 128", `9: everything.int8: "128" is out of range: -128 to 127`)
	f("uint16: -1", `11: everything.uint16: "-1" is out of range: 0 to 65535`)
	f("uint16: '7'", `11: everything.uint16: "7" is text because of its quotes, not a whole number | remove the quotes`)
	f("int: {a: 1}", `3: everything.int: a mapping where a whole number belongs`)
	f("float: 1.5", `10: everything.float: "1.5" is out of range: 0 to 1`)
	f("float: .nan", `10: everything.float: ".nan" is not a number`)
	f("float: .inf", `10: everything.float: ".inf" is not a number`)
	f("float: 1e999", `10: everything.float: "1e999" is too large`)
	f("duration: 5", `13: everything.duration: "5" is a duration without a unit | write 5s for seconds, 5ms for milliseconds`)
	f("duration: 5 s", `13: everything.duration: "5 s" is not a duration | durations look like 500ms, 5s or 1m30s`)
	f("duration: 7d", `13: everything.duration: "7d" is not a duration | the longest unit is the hour: write 168h`)
	f("duration: 1:30", `13: everything.duration: "1:30" is not a duration | durations look like 500ms, 5s or 1m30s`)
	f("duration: -5s", `13: everything.duration: "-5s" is out of range: at least 0s`)
	f("signed: -2h", `11: everything.signed: "-2h" is out of range: at least -1h`)
	f("text: [a]", `3: everything.text: a list where text belongs`)
	f("text: !!binary aGk=", `9: everything.text: the tag !!binary is not supported here | remove the tag`)
	f("color: blue", `10: everything.color: "blue" must be red or green`)
	f("color: reed", `10: everything.color: "reed" must be red or green | did you mean red?`)
	f("strings: {a: b}", `3: everything.strings: a mapping where a list belongs | write each element on a line that begins with "- "`)
	f("strings: [a, ~, b]", `16: everything.strings[1]: the element is empty | remove it, or give it a value`)
	f("structs: a", `12: everything.structs: "a" where a list belongs | write each element on a line that begins with "- "`)
	f("ints: [0, x]",
		`10: everything.ints[0]: "0" is out of range: at least 1`,
		`13: everything.ints[1]: "x" is not a whole number`)
	f("map: 5", `8: everything.map: "5" where a mapping belongs | write "key: value" lines below it`)
	f("map: {a: x}", `12: everything.map.a: "x" is not a whole number`)
	f("map: [{name: a}]", `9: everything.map[0]: an element needs a name and a value, nothing else | write "name: value" lines below the key`)
	f("by_id: {/a: }", `11: everything.by_id./a: a component needs a type`)
	f("{text: a, text: b}", `13: everything.text: the key is set twice | remove one: the first is on line 2`)
	f("{~: b}", `4: everything: the key is missing | write "key: value"`)
	f("? [a]\n  : b", `5: everything: a key must be text`)
	f("<<: 5", `7: everything: << takes a mapping or a list of mappings`)
}

func TestVariables(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, _, _, err := decodeText(t, "everything:\n  "+text+"\n")
		checkFaults(t, text, err, want)
	}
	f("text: a${env:NOPE}", "2:9: everything.text: the environment variable NOPE is not set | set it, or give a default: ${env:NOPE:-value}")
	f("text: ${env:NONE:-${NOPE}}", "2:9: everything.text: the environment variable NOPE is not set | set it, or give a default: ${env:NOPE:-value}")
	f("text: ${NOPE:-x}", "2:9: everything.text: ${NOPE:-…} is not a reference | write ${env:NOPE:-…}")
	f("text: ${file:/gone/x}", "2:9: everything.text: ${file:/gone/x}: no such file or directory")
	f("text: ${file:gone}", "2:9: everything.text: ${file:gone}: no such file or directory | a relative path is looked up from the working directory")
	f("text: ${http:x}", "2:9: everything.text: ${http:…} is not supported | use ${env:NAME}, ${env:NAME:-default} or ${file:PATH}, or write $${ for the characters themselves")
	f("text: ${env:A B}", "2:9: everything.text: ${…} does not name an environment variable | names have letters, digits and _; write $${ for the characters themselves")
	f("text: ${env:HOST", "2:9: everything.text: ${ without } | close it, or write $${ for the characters themselves")
	// A variable's value is never shown: it may be a secret in the wrong place.
	f("int: ${env:PASSWORD}", `2:8: everything.int: "${env:PASSWORD}" is not a whole number`)
	f("ints: 1,${env:PASSWORD}", `2:9: everything.ints[1]: "1,${env:PASSWORD}" is not a whole number`)
	f("int: ${env:PIN}", `2:8: everything.int: "${env:PIN}" has a leading zero, which YAML readers take for octal or not | write 42`)
	f("int: ${env:EMPTY}", `2:8: everything.int: "${env:EMPTY}" is not a whole number`)
	f("map: ${env:HOST}", `2:8: everything.map: "${env:HOST}" where a mapping belongs | write "key: value" lines below it`)
}

func TestUnknownKeys(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, _, _, err := decodeText(t, text)
		checkFaults(t, text, err, want)
	}
	f("receivres: {}\n", "1:1: receivres: unknown key | did you mean receivers?")
	f("Service: {}\n", "1:1: Service: unknown key | did you mean service?")
	f("exporters: {send: {endpoint: a, time-out: 5s}}\n", "1:33: exporters.send.time-out: unknown key | did you mean timeout?")
	f("exporters: {send: {endpoint: a, tls: {insecur: true, keypem: x}}}\n",
		"1:39: exporters.send.tls.insecur: unknown key | did you mean insecure?",
		"1:54: exporters.send.tls.keypem: unknown key | did you mean key_pem?")
	f("service:\n  admin:\n    endpoint: a\n", "2:3: service.admin: unknown key | check the indentation: admin is a key of the top level")
	f("receivers: {otlp: {grpc: , endpoint: a}}\n", "1:28: receivers.otlp.endpoint: unknown key | endpoint is a key of grpc and http")
	f("receivers: {otlp: {grpc: {insecure: true}}}\n", "1:27: receivers.otlp.grpc.insecure: unknown key | insecure is a key of tls")
	f("zzz: 1\n", "1:1: zzz: unknown key | known keys: receivers, exporters, service, admin, everything")
	f("admin: {\"a\\nb\": 1}\n", `1:9: admin.a\nb: unknown key | known keys: endpoint`)
}

func TestSyntax(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, _, _, err := decodeText(t, text)
		checkFaults(t, text, err, want)
	}
	f("admin:\n\tendpoint: a\n", "2:1: a tab in the indentation | YAML indents with spaces only")
	f("admin:\n  endpoint: a\n  \tx: b\n", "3:3: a tab in the indentation | YAML indents with spaces only")
	f("admin:\n  endpoint: a: b\n", `2:3: an unexpected ":" | quote a value that contains ": ", or check the indentation of this line and the one above`)
	f("admin:\n  endpoint: \"a\n  x: b\nservice: {}\n", "2:3: a quote is not closed")
	f("admin:\n  endpoint: @a\n", "2:3: a character that cannot begin a value | put the value in quotes")
	f("admin: {endpoint: a\nservice: {}\n", "1:1: a list or mapping in brackets is not closed or lacks a comma")
	f("everything:\n  strings: [${env:HOST}]\n", `2:3: braces of ${…} inside a list or mapping in brackets | put it in quotes: ["${env:NAME}"]`)
	f("admin:\n    endpoint: a\n  x: b\n", "3:3: the indentation does not fit the lines above")
	f("# a\n\nadmin: *b\n", `3:1: a value that begins with "*" repeats an anchor, and this one is not defined above | put the value in quotes if it is meant as it stands`)
	f("admin: {}\n---\nservice: {}\n", "3:1: a second YAML document begins here | keep one document per file and pass several with --config")
	f("admin:\n  endpoint: a\xff\n", "2:14: the file is not UTF-8 text | save it as UTF-8")
	f("admin:\n  endpoint: a\x01\n", "2:3: a control character | remove it")
	f("[a]\n", "1:1: a list where a mapping belongs | write its keys on lines of their own below it")
	f("hello\n", `1:1: "hello" where a mapping belongs | write its keys on lines of their own below it`)
	f("any: &a [*a]\n",
		"1:1: any: unknown key | any is a key of everything",
		"1:10: any[0]: the alias *a stands for a value that contains it")
}

// A few lines must not become billions of values, nor a tower of brackets a
// stack overflow.
func TestBombs(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, _, _, err := decodeText(t, text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %.200v, want %q", err, want)
		}
	}
	laughs := "everything:\n  any:\n    - &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		laughs += "    - &a" + decimal(i+1) + " [" + strings.Repeat("*a"+decimal(i)+", ", 10) + "]\n"
	}
	f(laughs, "aliases stand for more than 10000 values")
	merges := "everything:\n  any:\n    - &a0 {x: 1}\n"
	for i := range 30 {
		merges += "    - &a" + decimal(i+1) + " {<<: [*a" + decimal(i) + ", *a" + decimal(i) + "]}\n"
	}
	f(merges, "aliases stand for more than 10000 values")
	f("everything:\n  any: "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+"\n", "nested more than 100 levels deep")
	f("everything:\n  any: "+strings.Repeat("[", 50000)+"\n", "not valid YAML: exceeded max depth of 10000")
}

func TestUnsupportedComponents(t *testing.T) {
	_, _, _, err := decodeText(t, `
receivers:
  oltp:
  prometheus/a: {scrape: hunter2}
exporters:
  send: {endpoint: x}
  kafka: {}
extensions:
  health_check: {}
service:
  extensions: [health_check, pprof]
  pipelines:
    traces: {exporters: [kafka]}
`)
	want := `a.yaml:3:3: receivers.oltp: unsupported receiver type "oltp", did you mean otlp?
    3 |   oltp:
      |   ^^^^
  see a.yaml:4:3: receivers.prometheus/a: unsupported receiver type "prometheus"
  see a.yaml:7:3: exporters.kafka: unsupported exporter type "kafka"
  see a.yaml:9:3: extensions.health_check: unsupported extension type "health_check": admin.endpoint answers /health
  see a.yaml:11:30: service.extensions[1]: unsupported extension type "pprof"
  hint: supported receivers: otlp; supported exporters: send, nop; there are no extensions`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestValidation(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, _, _, err := decodeText(t, text)
		checkFaults(t, text, err, want)
	}
	f("exporters:\n  send:\n", "2:3: exporters.send.endpoint: an address is required")
	f("exporters:\n  send: {endpoint: ''}\n", "2:20: exporters.send.endpoint: an address is required")
	f("receivers:\n  otlp: {}\n", "2:3: receivers.otlp: set grpc, http or both")
	f("exporters:\n  send:\n    endpoint: a\n    tls:\n      insecure: true\n      ca_file: x\n",
		"6:16: exporters.send.tls.ca_file: ca_file needs TLS")
	f("receivers: {otlp: {grpc: {tls: {insecure: true, ca_file: x}}}}\n",
		"1:58: receivers.otlp.grpc.tls.ca_file: ca_file needs TLS")
	f("exporters:\n  send: {endpoint: a}\nservice:\n  pipelines:\n    traces:\n      exporters: [send, send/two]\n    logs:\n      exporters:\n      - nop\n",
		"6:25: service.pipelines.traces.exporters[1]: no exporter send/two | define it",
		"9:9: service.pipelines.logs.exporters[0]: no exporter nop | define it")

	// One fault has one message: what follows from it is left out, what does
	// not is there.
	f("exporters:\n  send: {endpiont: a}\nservice: {pipelines: {traces: {exporters: [send, nop]}}}\n",
		"2:10: exporters.send.endpiont: unknown key | did you mean endpoint?",
		"3:50: service.pipelines.traces.exporters[1]: no exporter nop | define it")
	f("exporters:\n  send: {endpoint: [a]}\n", "2:10: exporters.send.endpoint: a list where text belongs")
	f("exporters:\n  send: {endpoint: '${env:NOPE}'}\nservice: {pipelines: {traces: {exporters: [nop]}}}\n",
		"2:20: exporters.send.endpoint: the environment variable NOPE is not set | set it, or give a default: ${env:NOPE:-value}",
		"3:44: service.pipelines.traces.exporters[0]: no exporter nop | define it")
	f("exporter:\n  send: {endpoint: a}\nservice: {pipelines: {traces: {exporters: [send]}}}\n",
		"1:1: exporter: unknown key | did you mean exporters?")
}

func TestWarnings(t *testing.T) {
	_, _, warnings, err := decodeText(t, "exporters:\n  send/unused: {endpoint: x}\n")
	want := "a.yaml:2:3: exporters.send/unused: in no pipeline\n    2 |   send/unused: {endpoint: x}\n      |   ^^^^^^^^^^^"
	if err != nil || warnings.String() != want {
		t.Errorf("%v\ngot\n%s\nwant\n%s", err, warnings, want)
	}
}

func TestFaultsOfSeveralFiles(t *testing.T) {
	_, _, _, err := decodeText(t, "admin: {x: 1}\nservice: {}\n", "everything: {bool: 7}\n", "zzzzzzzz: 1\n")
	checkFaults(t, "", err, []string{
		"1:9: admin.x: unknown key | known keys: endpoint",
		`b.yaml:1:20: everything.bool: "7" is not true or false`,
		"c.yaml:1:1: zzzzzzzz: unknown key | known keys: receivers, exporters, service, admin, everything",
	})
	// A file that is no YAML hides nothing of another one that is none either.
	_, _, _, err = decodeText(t, "a: b: c\n", "zzzzzzzz: 1\n", "\ta: 1\n")
	checkFaults(t, "", err, []string{
		`1:1: an unexpected ":" | quote a value that contains ": ", or check the indentation of this line and the one above`,
		"c.yaml:1:1: a tab in the indentation | YAML indents with spaces only",
	})
}

func TestJSON(t *testing.T) {
	_, _, _, err := decodeText(t, "admin: {endpont: a}\n")
	got, jsonErr := json.Marshal(err)
	const want = `[{"file":"a.yaml","line":1,"column":9,"path":"admin.endpont","problem":"unknown key",` +
		`"hint":"did you mean endpoint?","source":"admin: {endpont: a}"}]`
	if jsonErr != nil || string(got) != want {
		t.Errorf("%v\ngot  %s\nwant %s", jsonErr, got, want)
	}
}
