package otlpjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// request returns an empty request of the signal.
func request(sig wire.Signal) proto.Message {
	switch sig {
	case wire.Traces:
		return &coltrace.ExportTraceServiceRequest{}
	case wire.Metrics:
		return &colmetrics.ExportMetricsServiceRequest{}
	default:
		return &collogs.ExportLogsServiceRequest{}
	}
}

// readPlain reads proto3's own JSON mapping, in which identifiers are base64, so
// that the reference implementation can be held against AppendWire.
func readPlain(sig wire.Signal, text []byte) ([]byte, error) {
	table := newSchema()
	for _, m := range table {
		for i := range m.fields {
			if f := &m.fields[i]; f.kind == wire.ID16 || f.kind == wire.ID8 {
				f.kind = wire.Bytes
			}
		}
	}
	d := decoder{src: text, widths: initialWidths, most: math.MaxInt}
	return d.document(nil, &table[sig.Request()])
}

// FuzzAppendWire holds AppendWire against protojson: what is proper JSON and
// accepted there is accepted here with the same meaning, and the reverse,
// except where OTLP differs from the proto3 mapping.
func FuzzAppendWire(f *testing.F) {
	for _, c := range payloads[1:] {
		line, err := AppendJSON(nil, c.sig, otlptest.Encode(c.make(1)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(c.sig), line)
	}
	f.Add(uint8(wire.Traces), []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"\ud83d\ude00é","kind":2.0,"flags":"1e1","status":null,"x":[{}]}]}]}]}`))
	f.Add(uint8(wire.Logs), []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":"-_8"},"attributes":[{"key":"k","value":{"doubleValue":"-1.5e-3"}}]}]}]}]}`))
	f.Add(uint8(wire.Logs), []byte(`{"resourceLogs":[{"resource":{"attributes":[{"key":"k","value":{"intValue":null}},{"key":"é","value":{"stringValue":"\n"}},{"key":"k","value":{"intValue":1e2}}]}}]}`))
	f.Fuzz(func(t *testing.T, signal uint8, text []byte) {
		sig := wire.Signal(signal % 3)
		checkOwn(t, sig, text)
		encoded, err := readPlain(sig, text)
		want := request(sig)
		wantErr := protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, want)
		var syntax *SyntaxError
		switch {
		case err == nil:
			if !json.Valid(text) {
				t.Fatalf("accepted, but not JSON: %s", text)
			}
			got := request(sig)
			if err := proto.Unmarshal(encoded, got); err != nil {
				t.Fatalf("%s became what does not decode: %v", text, err)
			}
			if diverges(sig, text) {
				return
			}
			if wantErr != nil || !proto.Equal(got, want) {
				t.Fatalf("%s\n got %v\nwant %v, %v", text, got, want, wantErr)
			}
		case !errors.As(err, &syntax):
			t.Fatalf("error %v is no *SyntaxError", err)
		case wantErr == nil && json.Valid(text) && !stricter(syntax) && !diverges(sig, text):
			t.Fatalf("%s\n is refused with %v, but means %v", text, err, want)
		}
	})
}

// checkOwn checks what must hold for AppendWire itself, whatever the input.
func checkOwn(t *testing.T, sig wire.Signal, text []byte) {
	encoded, err := AppendWire(nil, sig, text)
	if err == nil {
		if len(encoded) > MaxGrowth*len(text) {
			t.Fatalf("%d bytes became %d", len(text), len(encoded))
		}
		scanned, err := wire.Scan(sig, encoded)
		if err != nil {
			t.Fatalf("%s became what Scan refuses: %v", text, err)
		}
		if counted, err := wire.Count(sig, encoded); err != nil || !reflect.DeepEqual(counted, scanned) {
			t.Fatalf("%s: Count says %+v, %v, and Scan %+v", text, counted, err, scanned)
		}
		roundTrip(t, sig, encoded)
		return
	}
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || encoded != nil {
		t.Fatalf("%v with %d bytes", err, len(encoded))
	}
	if s := syntax.Error(); len(s) > 4096 || strings.ToValidUTF8(s, "") != s {
		t.Fatalf("error of %d bytes: %q", len(s), s)
	}
}

// stricter reports whether the problem is one that protojson puts up with.
func stricter(e *SyntaxError) bool {
	return strings.Contains(e.Problem, "enum must be an integer") || strings.Contains(e.Problem, "nested too deeply")
}

// hugeExponent finds exponents that protojson refuses by their size alone.
var hugeExponent = regexp.MustCompile(`[eE][+-]?\d\d`)

// diverges reports whether the document holds a key in snake_case, which
// protojson takes for the field's name, or a number it has its own view of.
func diverges(sig wire.Signal, text []byte) bool {
	if hugeExponent.Match(text) || bytes.Contains(text, []byte(`\u003`)) {
		return true
	}
	var tree any
	if json.Unmarshal(text, &tree) != nil {
		return true
	}
	return hasKey(tree, protoNames(request(sig).ProtoReflect().Descriptor(), map[string]bool{}))
}

func hasKey(tree any, names map[string]bool) bool {
	switch tree := tree.(type) {
	case map[string]any:
		for key, value := range tree {
			if names[key] || hasKey(value, names) {
				return true
			}
		}
	case []any:
		for _, value := range tree {
			if hasKey(value, names) {
				return true
			}
		}
	}
	return false
}

// protoNames collects the names of fields that differ from their JSON names.
func protoNames(md protoreflect.MessageDescriptor, names map[string]bool) map[string]bool {
	if names[string(md.FullName())] {
		return names
	}
	names[string(md.FullName())] = true
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		if string(fd.Name()) != fd.JSONName() {
			names[string(fd.Name())] = true
		}
		if fd.Message() != nil {
			protoNames(fd.Message(), names)
		}
	}
	return names
}

// FuzzAppendJSON: what AppendJSON writes is JSON, is read back, and means what
// the request means to the reference decoder.
func FuzzAppendJSON(f *testing.F) {
	for _, c := range payloads[1:] {
		f.Add(uint8(c.sig), otlptest.Encode(c.make(1)))
	}
	f.Fuzz(func(t *testing.T, signal uint8, encoded []byte) {
		sig := wire.Signal(signal % 4)
		line, err := AppendJSON(nil, sig, encoded)
		if err != nil {
			if _, scanErr := wire.Scan(sig, encoded); scanErr == nil {
				t.Fatalf("%x passes Scan: %v", encoded, err)
			}
			return
		}
		if !json.Valid(line) || bytes.IndexByte(line, '\n') >= 0 {
			t.Fatalf("not one line of JSON: %s", line)
		}
		// What is replaced by a later value is not looked into.
		if sig == wire.Profiles || proto.Unmarshal(encoded, request(sig)) == nil {
			roundTrip(t, sig, encoded)
		}
	})
}

// roundTrip checks that a request means the same after AppendJSON and AppendWire.
func roundTrip(t *testing.T, sig wire.Signal, encoded []byte) {
	t.Helper()
	line, err := AppendJSON(nil, sig, encoded)
	if err != nil {
		t.Fatalf("%x: %v", encoded, err)
	}
	back, err := AppendWire(nil, sig, line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	again, err := AppendJSON(nil, sig, back)
	if err != nil || !bytes.Equal(line, again) {
		t.Fatalf("%s\nis now %s, %v", line, again, err)
	}
	if sig == wire.Profiles {
		return
	}
	want, got := request(sig), request(sig)
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(encoded, want); err != nil {
		t.Fatalf("%x does not decode: %v", encoded, err)
	}
	if err := proto.Unmarshal(back, got); err != nil || !proto.Equal(got, want) {
		t.Fatalf("%s\n got %v, %v\nwant %v", line, got, err, want)
	}
}
