package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
)

// request returns an empty request message of the signal.
func request(sig Signal) proto.Message {
	switch sig {
	case Traces:
		return &coltrace.ExportTraceServiceRequest{}
	case Metrics:
		return &colmetrics.ExportMetricsServiceRequest{}
	default:
		return &collogs.ExportLogsServiceRequest{}
	}
}

func TestScanCountsItems(t *testing.T) {
	f := func(sig Signal, m proto.Message, want int) {
		t.Helper()
		r, err := Scan(sig, otlptest.Encode(m))
		if err != nil || r.Items != want || r.Invalid != 0 || !r.Clean() {
			t.Errorf("Scan(%s) = %+v, %v, want %d items", sig, r, err, want)
		}
	}
	f(Traces, otlptest.Traces(100), 100)
	f(Metrics, otlptest.Metrics(103), 103)
	f(Logs, otlptest.Logs(7), 7)
	f(Traces, &coltrace.ExportTraceServiceRequest{}, 0)
	f(Logs, &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{}}}, 0)
}

// msg and field build wire bytes that no encoder would.
func msg(number protowire.Number, body ...[]byte) []byte {
	b := protowire.AppendTag(nil, number, protowire.BytesType)
	return protowire.AppendBytes(b, bytes.Join(body, nil))
}

func inSpan(span ...[]byte) []byte {
	ids := bytes.Join([][]byte{msg(1, otlptest.ID(16, 1)), msg(2, otlptest.ID(8, 1))}, nil)
	return msg(1, msg(2, msg(2, append([][]byte{ids}, span...)...)))
}

func nestedValue(levels int) []byte {
	v := msg(1, []byte("leaf"))
	for range levels {
		v = msg(5, msg(1, v)) // array_value{values{…}}
	}
	return v
}

func TestScanRefuses(t *testing.T) {
	f := func(name string, b []byte, path, problem string) {
		t.Helper()
		_, err := Scan(Traces, b)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: got %v, want a *SyntaxError", name, err)
			return
		}
		if syntax.Path != path || !strings.Contains(syntax.Problem, problem) {
			t.Errorf("%s: got %q at %q, want %q at %q", name, syntax.Problem, syntax.Path, problem, path)
		}
	}
	span := "resourceSpans[0].scopeSpans[0].spans[0]"
	f("cut off tag", []byte{0x80}, "", "tag is malformed")
	f("tag of six bytes", []byte{0x8a, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00}, "", "tag is malformed")
	f("field number zero", []byte{0x02, 0x00}, "", "field number")
	f("field number zero in a long tag", []byte{0x82, 0x00, 0x00}, "", "field number")
	f("wire type 6", []byte{0x1e}, "field 3", "wire type does not exist")
	f("wire type 7", inSpan([]byte{0x7f}), span+".status", "wire type does not exist")
	f("length beyond the input", []byte{0x0a, 0x05, 0x00}, "resourceSpans[0]", "beyond")
	f("cut off length", []byte{0x0a, 0x80}, "resourceSpans[0]", "length is malformed")
	f("length of 2^63", append([]byte{0x0a}, protowire.AppendVarint(nil, 1<<63)...), "resourceSpans[0]", "length is malformed")
	f("no length", []byte{0x0a}, "resourceSpans[0]", "length is malformed")
	f("span name with wrong type", inSpan([]byte{5 << 3, 1}), span+".name", "wrong wire type")
	f("span name not UTF-8", inSpan(msg(5, []byte{'a', 0xff})), span+".name", "UTF-8")
	f("long string not UTF-8", inSpan(msg(5, []byte("0123456789abcdef\xc3"))), span+".name", "UTF-8")
	f("second span", msg(1, msg(2, msg(2, msg(1, otlptest.ID(16, 1))), msg(2, msg(5, []byte{0xff})))), "resourceSpans[0].scopeSpans[0].spans[1].name", "UTF-8")
	f("attribute key not UTF-8", inSpan(msg(9, msg(1, []byte{0xff}), msg(2, msg(1, []byte("v"))))), span+".attributes[0].key", "UTF-8")
	f("attribute value not UTF-8", inSpan(msg(9, msg(1, []byte("k")), msg(2, msg(1, []byte{0xff})))), span+".attributes[0].value.stringValue", "UTF-8")
	f("key not UTF-8 beside an integer", inSpan(msg(9, msg(1, []byte{0xff}), msg(2, []byte{0x18, 0x01}))), span+".attributes[0].key", "UTF-8")
	f("varint of eleven bytes", inSpan(append([]byte{6 << 3}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)), span+".kind", "varint")
	f("varint over 64 bits", inSpan(append([]byte{6 << 3}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02)), span+".kind", "varint")
	f("cut off fixed64", inSpan([]byte{7<<3 | 1, 1, 2, 3}), span+".startTimeUnixNano", "beyond")
	f("cut off fixed32 in field 16", inSpan([]byte{0x85, 0x01, 1}), span+".flags", "beyond")
	f("flags as varint", inSpan([]byte{0x80, 0x01, 1}), span+".flags", "wrong wire type")
	f("stray end group", inSpan([]byte{0xa4, 0x06}), span+".field 100", "ends that was not begun")
	f("open group", inSpan([]byte{0xa3, 0x06, 0x08, 0x01}), span+".field 100", "does not end")
	f("group with the wrong end", inSpan([]byte{0xa3, 0x06, 0xac, 0x06}), span+".field 100", "not begun")
	f("101 messages deep", inSpan(msg(9, msg(2, nestedValue(48)))),
		span+".attributes[0].value"+strings.Repeat(".arrayValue.values[0]", 5)+".arrayValue.…", "levels deep")
}

func TestScanAccepts(t *testing.T) {
	f := func(name string, b []byte) {
		t.Helper()
		r, err := Scan(Traces, b)
		if err != nil || r.Items != 1 || r.Invalid != 0 {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
		if err := proto.Unmarshal(b, &coltrace.ExportTraceServiceRequest{}); err != nil {
			t.Errorf("%s: the reference decoder disagrees: %v", name, err)
		}
	}
	f("unknown fields of every type", inSpan(
		[]byte{0xa0, 0x06, 0x01}, []byte{0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8}, msg(100, []byte("x")), []byte{0xa5, 0x06, 1, 2, 3, 4}))
	f("R12 group in an unknown field", inSpan([]byte{0xa3, 0x06, 0x08, 0x01, 0xab, 0x06, 0xac, 0x06, 0xa4, 0x06}))
	f("padded length", inSpan([]byte{5<<3 | 2, 0x81, 0x00, 'n'}))
	f("padded tag", inSpan([]byte{0xaa, 0x00, 0x01, 'n'}))
	f("negative enum of ten bytes", inSpan(append([]byte{6 << 3}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)))
	f("non-ASCII strings", inSpan(msg(5, []byte("заказ №5 принят ✓"))))
	f("empty value", inSpan(msg(9, msg(1, []byte("k")), msg(2))))
	f("key without value", inSpan(msg(9, msg(1, []byte("k")))))
	f("value before key", inSpan(msg(9, msg(2, msg(1, []byte("v"))), msg(1, []byte("k")))))
	f("every kind of value", otlptest.Encode(everyValue()))
	f("100 messages deep", inSpan(msg(9, msg(2, nestedValue(47)))))
	f("status twice", inSpan(msg(15, msg(2, []byte("a"))), msg(15, []byte{3 << 3, 2})))
	f("id twice", inSpan(msg(1, otlptest.ID(16, 2))))
	f("zero parent", inSpan(msg(4, make([]byte, 8))))
}

func everyValue() *coltrace.ExportTraceServiceRequest {
	m := otlptest.Traces(1)
	values := []*common.AnyValue{
		{},
		{Value: &common.AnyValue_StringValue{StringValue: strings.Repeat("long ", 100)}},
		{Value: &common.AnyValue_BoolValue{BoolValue: true}},
		{Value: &common.AnyValue_IntValue{IntValue: -1}},
		{Value: &common.AnyValue_DoubleValue{DoubleValue: 0.5}},
		{Value: &common.AnyValue_BytesValue{BytesValue: []byte{0xff, 0}}},
		{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: []*common.KeyValue{{Key: "k"}}}}},
		{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{{}, {}}}}},
	}
	span := m.ResourceSpans[0].ScopeSpans[0].Spans[0]
	for _, v := range values {
		span.Attributes = append(span.Attributes, &common.KeyValue{Key: "attribute", Value: v})
	}
	return m
}

func TestPackedAndUnpackedRepeatedScalars(t *testing.T) {
	point := func(fields ...[]byte) []byte {
		return msg(1, msg(2, msg(2, msg(9, msg(1, fields...)))))
	}
	f := func(name string, b []byte, ok bool) {
		t.Helper()
		r, err := Scan(Metrics, b)
		if (err == nil) != ok || ok && r.Items != 1 {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
		if ok && proto.Unmarshal(b, &colmetrics.ExportMetricsServiceRequest{}) != nil {
			t.Errorf("%s: the reference decoder refuses it", name)
		}
	}
	eight := make([]byte, 8)
	f("packed bounds", point(msg(7, eight, eight)), true)
	f("bounds one by one", point(append([]byte{7<<3 | 1}, eight...), append([]byte{7<<3 | 1}, eight...)), true)
	f("ragged bounds", point(msg(7, eight, []byte{1})), false)
	buckets := func(b ...byte) []byte {
		return msg(1, msg(2, msg(2, msg(10, msg(1, msg(8, b))))))
	}
	f("packed varints", buckets(2<<3|2, 3, 0x01, 0x80, 0x01), true)
	f("cut off packed varint", buckets(2<<3|2, 2, 0x01, 0x80), false)
	f("varints one by one", buckets(2<<3, 1, 2<<3, 2), true)
}

func TestInvalidItems(t *testing.T) {
	spans := func(edit func(*trace.Span)) *coltrace.ExportTraceServiceRequest {
		m := otlptest.Traces(3)
		edit(m.ResourceSpans[0].ScopeSpans[0].Spans[1])
		return m
	}
	f := func(name string, edit func(*trace.Span)) {
		t.Helper()
		m := spans(edit)
		b := otlptest.Encode(m)
		r, err := Scan(Traces, b)
		if err != nil || r.Items != 2 || r.Invalid != 1 || r.Reason == "" {
			t.Errorf("%s: got %+v, %v", name, r, err)
			return
		}
		var got coltrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(Clean(nil, Traces, b, &r), &got); err != nil {
			t.Errorf("%s: Clean broke the message: %v", name, err)
		}
		ss := m.ResourceSpans[0].ScopeSpans[0]
		ss.Spans = []*trace.Span{ss.Spans[0], ss.Spans[2]}
		if !proto.Equal(m, &got) {
			t.Errorf("%s: Clean left\n%v\nwant\n%v", name, &got, m)
		}
	}
	f("no trace id", func(s *trace.Span) { s.TraceId = nil })
	f("no span id", func(s *trace.Span) { s.SpanId = nil })
	f("trace id all zero", func(s *trace.Span) { s.TraceId = make([]byte, 16) })
	f("span id all zero", func(s *trace.Span) { s.SpanId = make([]byte, 8) })
	f("trace id too short", func(s *trace.Span) { s.TraceId = s.TraceId[:15] })
	f("span id too long", func(s *trace.Span) { s.SpanId = append(s.SpanId, 1) })
	f("parent of seven bytes", func(s *trace.Span) { s.ParentSpanId = make([]byte, 7) })
	f("link with a short trace id", func(s *trace.Span) { s.Links = []*trace.Span_Link{{TraceId: []byte{1}}} })
}

// "The receivers SHOULD assume that the log record is not associated with a
// trace if […] the field contains an invalid value" (logs.proto).
func TestStrippedIdentifiers(t *testing.T) {
	m := otlptest.Logs(3)
	records := m.ResourceLogs[0].ScopeLogs[0].LogRecords
	records[0].TraceId = []byte{1, 2, 3}
	records[1].SpanId = make([]byte, 16)
	records[2].TraceId = make([]byte, 16)
	b := otlptest.Encode(m)
	r, err := Scan(Logs, b)
	if err != nil || r.Items != 3 || r.Invalid != 0 || r.Stripped != 2 {
		t.Fatalf("Scan = %+v, %v", r, err)
	}
	var got collogs.ExportLogsServiceRequest
	if err := proto.Unmarshal(Clean(nil, Logs, b, &r), &got); err != nil {
		t.Fatal(err)
	}
	records[0].TraceId, records[1].SpanId = nil, nil
	if !proto.Equal(m, &got) {
		t.Errorf("Clean left %v, want %v", &got, m)
	}
}

func TestStrippedExemplarInsideMetric(t *testing.T) {
	m := otlptest.Metrics(15)
	point := m.ResourceMetrics[0].ScopeMetrics[0].Metrics[2].Data.(*metrics.Metric_Histogram).Histogram.DataPoints[3]
	point.Exemplars[0].TraceId = []byte("short")
	b := otlptest.Encode(m)
	r, err := Scan(Metrics, b)
	if err != nil || r.Items != 15 || r.Stripped != 1 {
		t.Fatalf("Scan = %+v, %v", r, err)
	}
	var got colmetrics.ExportMetricsServiceRequest
	if err := proto.Unmarshal(Clean(nil, Metrics, b, &r), &got); err != nil {
		t.Fatal(err)
	}
	point.Exemplars[0].TraceId = nil
	if !proto.Equal(m, &got) {
		t.Error("Clean changed more than the exemplar's trace id")
	}
}

// An invalid item that also holds an identifier to be stripped is removed once.
func TestInvalidItemHidesItsStrippedParts(t *testing.T) {
	r, err := Scan(Traces, msg(1, msg(2, msg(2, msg(1, []byte{1}), msg(13, msg(1, []byte{1}))))))
	if err != nil || r.Invalid != 1 || r.Stripped != 0 || len(r.cuts) != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
}
