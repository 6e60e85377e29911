package otlpjson

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Attributes have a short way through the reader, which white space keeps them
// from taking: both lead to the same bytes.
func TestAttributeReadsAlike(t *testing.T) {
	f := func(attribute string) {
		t.Helper()
		doc := inSpan.open + `{"attributes":[` + attribute + `,` + attribute + `]}` + inSpan.close
		var spaced bytes.Buffer
		if err := json.Indent(&spaced, []byte(doc), "", " "); err != nil {
			t.Fatal(err)
		}
		short, err := AppendWire(nil, wire.Traces, []byte(doc))
		long, longErr := AppendWire(nil, wire.Traces, spaced.Bytes())
		if (err == nil) != (longErr == nil) || !bytes.Equal(short, long) {
			t.Errorf("%s\n%x, %v\n%x, %v", attribute, short, err, long, longErr)
		}
		if err == nil {
			roundTrip(t, wire.Traces, short)
		}
	}
	for _, n := range []int{0, 1, 7, 8, 60, 110, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 16383, 16384} {
		text := strings.Repeat("x", n)
		f(`{"key":"k","value":{"stringValue":"` + text + `"}}`)
		f(`{"key":"` + text + `","value":{"stringValue":"v"}}`)
		f(`{"key":"` + text + `","value":{"stringValue":""}}`)
		f(`{"key":"` + text + `","value":{"intValue":"-1"}}`)
		f(`{"key":"` + text + `é","value":{"stringValue":"é` + text + `"}}`)
		f(`{"key":"` + text + `\n","value":{"stringValue":"` + text + `"}}`)
		f(`{"key":"k","value":{"stringValue":"` + text + `\u00e9"}}`)
	}
	f(`{"key":"k","value":{"intValue":"9223372036854775807"}}`)
	f(`{"key":"k","value":{"intValue":-9223372036854775808}}`)
	f(`{"key":"k","value":{"intValue":1.0}}`)
	f(`{"key":"k","value":{"intValue":1.5}}`)
	f(`{"key":"k","value":{"intValue":null}}`)
	f(`{"key":"k","value":{"stringValue":null}}`)
	f(`{"key":"k","value":{"stringValue":7}}`)
	f(`{"key":"k","value":{"stringValue":"a","intValue":1}}`)
	f(`{"key":"k","value":{"intValue":1,"x":2},"y":3}`)
	f(`{"key":"k","value":{"stringValue":"a","x":2},"key":"k"}`)
	f(`{"key":"k","value":{"boolValue":true}}`)
	f(`{"key":"k","value":{"doubleValue":1.5}}`)
	f(`{"key":"k","value":{}}`)
	f(`{"key":"k","value":null}`)
	f(`{"key":"k"}`)
	f(`{"value":{"stringValue":"a"},"key":"k"}`)
}

// The short way respects the limit of nesting.
func TestAttributeNestingLimit(t *testing.T) {
	list := func(n int) string { // n lists in each other, of three messages each
		return strings.Repeat(`{"kvlistValue":{"values":[{"key":"k","value":`, n) + `{"stringValue":"v"}` + strings.Repeat(`}]}}`, n)
	}
	inValue.reads(t, list(1), `kvlist_value { values { key: "k" value { string_value: "v" } } }`)
	const fits = (wire.MaxDepth - 4) / 3 // below the body and its parents
	if _, err := read(wire.Logs, inValue.open+list(fits)+inValue.close); err != nil {
		t.Error(err)
	}
	if _, err := read(wire.Logs, inValue.open+list(fits+1)+inValue.close); err == nil {
		t.Error("nesting is not limited")
	}
}

// The short way through the writer leads to the same text as the long one, which
// an unknown field forces.
func TestAttributeWritesAlike(t *testing.T) {
	message := func(number protowire.Number, parts ...[]byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), slices.Concat(parts...))
	}
	line := func(attribute ...[]byte) string {
		encoded := message(1, message(1, message(1, attribute...)))
		line, err := AppendJSON(nil, wire.Traces, encoded)
		if err != nil {
			return err.Error()
		}
		roundTrip(t, wire.Traces, encoded)
		return string(line)
	}
	unknown := []byte{0x78, 0x01}
	f := func(key, value []byte) {
		t.Helper()
		short, reversed := line(key, value), line(value, key)
		long := line(key, value, unknown)
		if short != long || reversed != long {
			t.Errorf("\n%s\n%s\n%s", short, reversed, long)
		}
	}
	text := func(s string) []byte { return message(2, message(1, []byte(s))) }
	for _, n := range []int{0, 1, 8, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129} {
		s := strings.Repeat("x", n)
		f(message(1, []byte(s)), text(s))
		f(message(1, []byte("k\n")), text("\""+s))
		f(message(1, []byte(s)), message(2, []byte{0x18, 0x05}))
	}
	key := message(1, []byte("k"))
	f(key, message(2, protowire.AppendVarint([]byte{0x18}, 1<<64-1)))
	f(key, message(2, []byte{0x18, 0x05, 0x18, 0x06}))
	f(key, message(2, []byte{0x18, 0x80}))
	f(key, message(2, []byte{0x0a, 0x01, 0xff}))
	f(message(1, []byte{0xff}), text("v"))
	f(key, message(2))
	f(key, message(2, []byte{0x10, 0x01}))
	f(key, message(2, []byte{0x0a, 0x00, 0x18, 0x01}))
	f(key, key)
}
