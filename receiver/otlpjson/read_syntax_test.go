package otlpjson

import (
	"slices"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestDocument(t *testing.T) {
	f := func(json string) {
		t.Helper()
		if out, err := AppendWire([]byte("kept"), wire.Traces, []byte(json)); err != nil || string(out) != "kept" {
			t.Errorf("%s: %q, %v, want an empty request", json, out, err)
		}
	}
	f(`{}`)
	f(" \r\n\t{ }\n")
	f(`{"resourceSpans":[]}`)
	f(`{"resourceSpans":null}`)
	r := func(json, problem string) { t.Helper(); refuses(t, wire.Traces, json, "", problem) }
	r(``, `the document is empty`)
	r(` `, `the document is empty`)
	r(`null`, `must be an object, not null`)
	r(`[]`, `must be an object, not an array`)
	r(`"{}"`, `must be an object, not a string`)
	r("\ufeff{}", `without a byte order mark`)
	r(`{} {}`, `more text behind the end`)
	r(`{},`, `more text behind the end`)
	r("{}\x00", `more text behind the end`)
	r(`{`, `ends too early`)
	r(`{,}`, `want a key`)
	r("{\v}", `want a key`)
	r(`x`, `unexpected "x"`)
	r("\xff", `unexpected "\xff"`)
}

// Every prefix of a document is refused, and none makes the reader run past its end.
func TestTruncated(t *testing.T) {
	const doc = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","name":"a\n\ud83d\ude00é",` +
		`"kind":2,"startTimeUnixNano":"1544712660000000000","flags":1.0,"x":[{"y":-1.5e3,"z":true}],"status":null,` +
		`"attributes":[{"key":"k","value":{"doubleValue":2.5}}]}]}]}]}`
	if _, err := read(wire.Traces, doc); err != nil {
		t.Fatal(err)
	}
	for i := range doc {
		if _, err := AppendWire(nil, wire.Traces, slices.Clip([]byte(doc[:i]))); err == nil {
			t.Errorf("%s is accepted", doc[:i])
		}
	}
}

func TestWhiteSpace(t *testing.T) {
	f := func(json, want string) { t.Helper(); inSpan.reads(t, json, want) }
	f("{ \"name\" \t:\r\n \"n\" , \"kind\" : 2 , \"attributes\" : [ { \"key\" : \"k\" } , { } ] , \"x\" : [ 1 , { \"y\" : 2 } ] }",
		`name: "n" kind: SPAN_KIND_SERVER attributes { key: "k" } attributes {}`)
	inSpan.refuses(t, "{\"name\":\f\"n\"}", "name", `unexpected "\f"`)
	inSpan.refuses(t, "{\u00a0}", "", `want a key`)
}

func TestStrings(t *testing.T) {
	f := func(json, want string) {
		t.Helper()
		inValue.reads(t, `{"stringValue":"`+json+`"}`, `string_value: "`+want+`"`)
	}
	f(``, ``)
	f(`\"\\\/\b\f\n\r\t`, `\"\\/\b\f\n\r\t`)
	f(`\u0041\u00e9\u20AC`, `Aé€`)
	f(`\ud83d\ude00`, `😀`)
	f(`é€😀`, `é€😀`)
	f("1234567\x7f", "1234567\x7f")
	f(`\u0000`, `\x00`)
	for n := range 40 {
		pad := strings.Repeat("x", n)
		f(pad, pad)
		f(pad+`\n`+pad, pad+`\n`+pad)
		f(pad+`é`+pad, pad+`é`+pad)
	}
	for _, n := range []int{126, 127, 128, 129, 16383, 16384} {
		f(strings.Repeat("x", n), strings.Repeat("x", n))
		f(strings.Repeat("x", n-1)+`\t`, strings.Repeat("x", n-1)+`\t`)
	}
	r := func(json, problem string) {
		t.Helper()
		for n := range 20 {
			inValue.refuses(t, `{"stringValue":"`+strings.Repeat("x", n)+json+`"}`, "stringValue", problem)
		}
	}
	r("\xff", `not valid UTF-8`)
	r("\xed\xa0\x80", `not valid UTF-8`)
	r("\xc3", `not valid UTF-8`)
	r("\n", `control character`)
	r("\x00", `control character`)
	r(`\x`, `no escape sequence begins with a backslash and "x"`)
	r(`\u12g4`, `four hexadecimal digits`)
	r(`\u123`, `four hexadecimal digits`)
	r(`\ud83d`, `surrogate pair`)
	r(`\ud83dx`, `surrogate pair`)
	r(`\ud83d\n`, `surrogate pair`)
	r(`\ud83d\u0041`, `surrogate pair`)
	r(`\ude00`, `surrogate pair`)
	r(`\ude00\ud83d`, `surrogate pair`)
	inValue.refuses(t, `{"stringValue":1}`, "stringValue", `must be a string, not a number`)
}

func TestDuplicateKeys(t *testing.T) {
	r := func(json, path string) { t.Helper(); inSpan.refuses(t, json, path, "duplicate key") }
	r(`{"name":"a","name":"b"}`, "name")
	r(`{"name":"a","n\u0061me":"b"}`, `n\u0061me`)
	r(`{"name":null,"name":"b"}`, "name")
	r(`{"attributes":[],"attributes":[]}`, "attributes")
	r(`{"status":{},"status":{}}`, "status")
	r(`{"attributes":[{"key":"k"},{"key":"k","key":"k"}]}`, "attributes[1].key")
}

func TestOneof(t *testing.T) {
	const problem = "only one of the members of a oneof"
	inValue.refuses(t, `{"stringValue":"a","intValue":"1"}`, "intValue", problem)
	inValue.refuses(t, `{"boolValue":false,"kvlistValue":{}}`, "kvlistValue", problem)
	inPoint.refuses(t, `{"asInt":"1","asDouble":1}`, "asDouble", problem)
	inPoint.refuses(t, `{"exemplars":[{"asInt":"1","asDouble":1}]}`, "exemplars[0].asDouble", problem)
	inMetric.refuses(t, `{"gauge":{},"sum":{}}`, "sum", problem)
	inMetric.reads(t, `{"gauge":null,"sum":{},"histogram":null}`, `sum {}`)
	inHistogram.reads(t, `{"sum":0,"min":0,"max":0}`, `sum: 0 min: 0 max: 0`)
}

func TestNestingLimit(t *testing.T) {
	nest := func(n int) string { // n messages, the outermost included
		return strings.Repeat(`{"arrayValue":{"values":[`, n/2) + strings.Repeat(`{}`, n%2) + strings.Repeat(`]}}`, n/2)
	}
	deep := wire.MaxDepth - 3 // below resourceLogs, scopeLogs and logRecords
	encoded, err := AppendWire(nil, wire.Logs, []byte(inValue.open+nest(deep)+inValue.close))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.Scan(wire.Logs, encoded); err != nil {
		t.Errorf("the scanner refuses what AppendWire made: %v", err)
	}
	inValue.refuses(t, nest(deep+2), strings.TrimPrefix(strings.Repeat(".arrayValue.values[0]", 5), ".")+".arrayValue.values.…", "nested too deeply")
}

func TestEveryOrderOfKeys(t *testing.T) {
	f := func(json string) {
		t.Helper()
		inSpan.reads(t, json, `trace_state: "t" name: "n" kind: SPAN_KIND_CLIENT flags: 3 dropped_links_count: 4 end_time_unix_nano: 5`)
	}
	f(`{"traceState":"t","flags":3,"name":"n","kind":3,"endTimeUnixNano":5,"droppedLinksCount":4}`)
	f(`{"droppedLinksCount":4,"endTimeUnixNano":5,"kind":3,"name":"n","flags":3,"traceState":"t"}`)
	f(`{"kind":3,"droppedLinksCount":4,"traceState":"t","endTimeUnixNano":5,"name":"n","flags":3}`)
}
