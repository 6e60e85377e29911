package otlpjson

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// encode returns the encoding of a request in text format.
func encode(t *testing.T, sig wire.Signal, text string) []byte {
	t.Helper()
	m := request(sig)
	if err := prototext.Unmarshal([]byte(text), m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return otlptest.Encode(m)
}

func writes(t *testing.T, sig wire.Signal, encoded []byte, want string) {
	t.Helper()
	got, err := AppendJSON([]byte("> "), sig, encoded)
	if err != nil || string(got) != "> "+want {
		t.Errorf("got  %s, %v\nwant > %s", got, err, want)
	}
	if !json.Valid([]byte(want)) {
		t.Errorf("%s is not JSON", want)
	}
}

func TestAppendJSON(t *testing.T) {
	f := func(sig wire.Signal, text, want string) {
		t.Helper()
		writes(t, sig, encode(t, sig, text), want)
	}
	f(wire.Traces, ``, `{}`)
	f(wire.Traces, `resource_spans {}`, `{"resourceSpans":[{}]}`)
	f(wire.Traces, `resource_spans { resource {} scope_spans { scope { name: "s" } spans { trace_id: "0123456789abcdef" span_id: "\x00\xff" kind: SPAN_KIND_SERVER
		start_time_unix_nano: 18446744073709551615 flags: 4294967295 events {} dropped_events_count: 7 status { code: STATUS_CODE_ERROR } } } schema_url: "u" }`,
		`{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{"name":"s"},"spans":[{"traceId":"30313233343536373839616263646566","spanId":"00ff","flags":4294967295,"kind":2,`+
			`"startTimeUnixNano":"18446744073709551615","events":[{}],"droppedEventsCount":7,"status":{"code":2}}]}],"schemaUrl":"u"}]}`)
	f(wire.Metrics, `resource_metrics { scope_metrics { metrics { histogram { data_points { count: 3 sum: 0 bucket_counts: [0, 3] explicit_bounds: [-0, 1.5, 1e21, 1e-7, nan] max: inf } } } } }`,
		`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"count":"3","sum":0,"bucketCounts":["0","3"],`+
			`"explicitBounds":[-0,1.5,1e+21,1e-07,"NaN"],"max":"Infinity"}]}}]}]}]}`)
	f(wire.Metrics, `resource_metrics { scope_metrics { metrics { sum { is_monotonic: true data_points { as_int: -9223372036854775808 } data_points { as_double: -inf } } } } }`,
		`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{"asInt":"-9223372036854775808"},{"asDouble":"-Infinity"}],"isMonotonic":true}}]}]}]}`)
	f(wire.Metrics, `resource_metrics { scope_metrics { metrics { exponential_histogram { data_points { scale: -1 positive { offset: -2147483648 bucket_counts: 18446744073709551615 } } } } } }`,
		`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"exponentialHistogram":{"dataPoints":[{"scale":-1,"positive":{"offset":-2147483648,"bucketCounts":["18446744073709551615"]}}]}}]}]}]}`)
}

func TestAppendJSONValues(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		writes(t, wire.Logs, encode(t, wire.Logs, `resource_logs { scope_logs { log_records { body {`+text+`} } } }`),
			`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{`+want+`}}]}]}]}`)
	}
	f(``, ``)
	f(`string_value: ""`, `"stringValue":""`)
	f(`bool_value: false`, `"boolValue":false`)
	f(`int_value: -1`, `"intValue":"-1"`)
	f(`double_value: 0`, `"doubleValue":0`)
	f(`double_value: 0.1`, `"doubleValue":0.1`)
	f(`array_value {}`, `"arrayValue":{}`)
	f(`array_value { values { string_value: "a" } values {} }`, `"arrayValue":{"values":[{"stringValue":"a"},{}]}`)
	f(`kvlist_value { values { key: "k" value { bool_value: true } } }`, `"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}}]}`)
	f(`bytes_value: "\xfb\xff\x01\x02"`, `"bytesValue":"+/8BAg=="`)
	f(`bytes_value: ""`, `"bytesValue":""`)
	f(`string_value: "\"\\/\b\f\n\r\t\x00\x1f\x7f<é😀"`, `"stringValue":"\"\\/\u0008\u000c\n\r\t\u0000\u001f`+"\x7f"+`<é😀"`)
}

// What protobuf merges is merged, and gathered if it is scattered.
func TestAppendJSONMerges(t *testing.T) {
	message := func(number protowire.Number, parts ...[]byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), slices.Concat(parts...))
	}
	text := func(number protowire.Number, s string) []byte { return message(number, []byte(s)) }
	number := func(number protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), v)
	}
	f := func(want string, record ...[]byte) {
		t.Helper()
		encoded := message(1, message(2, message(2, record...)))
		writes(t, wire.Logs, encoded, `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{`+want+`}]}]}]}`)
		roundTrip(t, wire.Logs, encoded)
	}
	attribute := func(key string) []byte { return message(6, text(1, key)) }
	// Scattered elements, and the last of several values.
	f(`"severityText":"b","attributes":[{"key":"x"},{"key":"y"}]`, attribute("x"), text(3, "a"), attribute("y"), text(3, "b"))
	f(``, number(2, 5), number(2, 0))
	f(`"severityNumber":5`, number(2, 0), number(2, 5))
	// Unknown fields between elements do not matter.
	f(`"attributes":[{"key":"x"},{"key":"y"}]`, attribute("x"), number(99, 1), text(98, "{"), attribute("y"))
	// Messages merge; in a oneof only with the same member, and another one replaces them.
	array := func(s string) []byte { return message(5, message(1, text(1, s))) }
	f(`"body":{"arrayValue":{"values":[{"stringValue":"x"},{"stringValue":"y"}]}}`, message(5, array("x")), message(5, array("y")))
	f(`"body":{"arrayValue":{"values":[{"stringValue":"x"},{"stringValue":"y"}]}}`, message(5, array("x"), array("y")))
	f(`"body":{"arrayValue":{"values":[{"stringValue":"y"}]}}`, message(5, array("x"), number(3, 1)), message(5, array("y")))
	f(`"body":{"intValue":"1"}`, message(5, array("x")), message(5, array("y"), number(3, 1)))
	f(`"body":{"stringValue":""}`, message(5, number(3, 1), text(1, "")))
	f(`"body":{}`, message(5), message(5))

	// Packed, unpacked and empty pieces of one list.
	bounds := func(values ...float64) (b []byte) {
		for _, v := range values {
			b = protowire.AppendFixed64(b, math.Float64bits(v))
		}
		return b
	}
	single := protowire.AppendFixed64(protowire.AppendTag(nil, 7, protowire.Fixed64Type), math.Float64bits(3))
	g := func(want string, point ...[]byte) {
		t.Helper()
		encoded := message(1, message(2, message(2, message(9, message(1, point...)))))
		writes(t, wire.Metrics, encoded, `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{`+want+`}]}}]}]}]}`)
		roundTrip(t, wire.Metrics, encoded)
	}
	g(`"explicitBounds":[1,2,3,4]`, message(7, bounds(1, 2)), single, message(7), message(7, bounds(4)))
	g(`"explicitBounds":[3,1],"flags":1`, single, number(10, 1), message(7, bounds(1)))
	g(``, message(7))
	g(`"flags":1`, message(7), number(10, 1), message(7))
}

// The pieces of deeply nested messages neither multiply nor are lost.
func TestAppendJSONMergesDeep(t *testing.T) {
	body := []byte{0x0a, 0x01, 'x'}
	for range 40 { // an array with the value in two pieces: empty and the value
		value := append([]byte{0x0a, byte(len(body))}, body...)
		if len(value) > 0x7f {
			value = protowire.AppendBytes([]byte{0x0a}, body)
		}
		array := protowire.AppendBytes([]byte{0x2a, 0x00, 0x2a}, value)
		body = array
	}
	encoded := protowire.AppendBytes([]byte{0x2a}, body)
	encoded = protowire.AppendBytes([]byte{0x12}, encoded)
	encoded = protowire.AppendBytes([]byte{0x12}, encoded)
	encoded = protowire.AppendBytes([]byte{0x0a}, encoded)
	roundTrip(t, wire.Logs, encoded)
	got, err := AppendJSON(nil, wire.Logs, encoded)
	if err != nil || bytes.Count(got, []byte(`"values":[`)) != 40 {
		t.Errorf("%s, %v", got, err)
	}
}

func TestAppendJSONErrors(t *testing.T) {
	f := func(encoded, want string) {
		t.Helper()
		dst, err := AppendJSON([]byte("kept"), wire.Traces, []byte(encoded))
		if err == nil || !strings.Contains(err.Error(), want) || string(dst) != "kept" {
			t.Errorf("%q: %q, %v, want %s", encoded, dst, err, want)
		}
	}
	f("\x0a", "ExportTraceServiceRequest as JSON: malformed field")
	f("\x0a\x05abc", "malformed field")
	f("\x00\x00", "malformed field")
	f("\x0b", "malformed field")
	f("\x0c", "malformed field")
	f("\x53\x5b\x54", "malformed field")
	f("\x08\x01", "ExportTraceServiceRequest.resourceSpans as JSON: wrong wire type")
	f("\x0a\x03\x1a\x01\xff", "ResourceSpans.schemaUrl as JSON: string is not valid UTF-8")
	f("\x0a\x02\x0d\x00", "ResourceSpans as JSON: malformed field")
	f("\x0a\x06\x0a\x02\x08\x01\x0a\x00", "wrong wire type")
	f(strings.Repeat("\x53", 101), "malformed field")
}

func TestAppendJSONNestingLimit(t *testing.T) {
	body := []byte{}
	for range 60 {
		body = protowire.AppendBytes([]byte{0x2a}, protowire.AppendBytes([]byte{0x0a}, body))
	}
	encoded := protowire.AppendBytes([]byte{0x2a}, body)
	encoded = protowire.AppendBytes([]byte{0x12}, encoded)
	encoded = protowire.AppendBytes([]byte{0x12}, encoded)
	encoded = protowire.AppendBytes([]byte{0x0a}, encoded)
	if _, err := AppendJSON(nil, wire.Logs, encoded); err == nil || !strings.Contains(err.Error(), "nested too deeply") {
		t.Errorf("error %v", err)
	}
}

// Requests as senders make them survive both ways, and mean to the reference
// decoder what they mean here.
func TestRoundTrip(t *testing.T) {
	for _, c := range payloads {
		encoded := otlptest.Encode(c.make(c.items))
		roundTrip(t, c.sig, encoded)
		line, _ := AppendJSON(nil, c.sig, encoded)
		back, _ := AppendWire(nil, c.sig, line)
		var indented bytes.Buffer
		if err := json.Indent(&indented, line, "", "\t"); err != nil {
			t.Fatal(err)
		}
		if again, err := AppendWire(nil, c.sig, indented.Bytes()); err != nil || !bytes.Equal(again, back) {
			t.Errorf("%s: not the same bytes after indentation, %v", c.name, err)
		}
	}
}

// What protojson writes means the same here.
func TestReadsProtojson(t *testing.T) {
	for _, c := range payloads {
		m := c.make(c.items)
		text, err := protojson.MarshalOptions{UseEnumNumbers: true, Multiline: true}.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := readPlain(c.sig, text)
		if err != nil {
			t.Fatal(err)
		}
		got := request(c.sig)
		if err := proto.Unmarshal(encoded, got); err != nil || !proto.Equal(got, m) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
