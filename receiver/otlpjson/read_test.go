package otlpjson

import (
	"errors"
	"strings"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// read transcodes a document and decodes what comes out.
func read(sig wire.Signal, json string) (proto.Message, error) {
	encoded, err := AppendWire(nil, sig, []byte(json))
	if err != nil {
		return nil, err
	}
	m := request(sig)
	return m, proto.Unmarshal(encoded, m)
}

// place says how to get at one message of a request.
type place struct {
	sig         wire.Signal
	open, close string
	path        string
	message     func(proto.Message) proto.Message
}

//nolint:gochecknoglobals // immutable
var (
	inSpan = place{
		wire.Traces, `{"resourceSpans":[{"scopeSpans":[{"spans":[`, `]}]}]}`, "resourceSpans[0].scopeSpans[0].spans[0]",
		func(m proto.Message) proto.Message {
			return m.(*coltrace.ExportTraceServiceRequest).ResourceSpans[0].ScopeSpans[0].Spans[0]
		},
	}
	inValue = place{
		wire.Logs, `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":`, `}]}]}]}`, "resourceLogs[0].scopeLogs[0].logRecords[0].body",
		func(m proto.Message) proto.Message {
			return m.(*collogs.ExportLogsServiceRequest).ResourceLogs[0].ScopeLogs[0].LogRecords[0].Body
		},
	}
	inHistogram = place{
		wire.Metrics, `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[`, `]}}]}]}]}`,
		"resourceMetrics[0].scopeMetrics[0].metrics[0].histogram.dataPoints[0]",
		func(m proto.Message) proto.Message {
			return m.(*colmetrics.ExportMetricsServiceRequest).ResourceMetrics[0].ScopeMetrics[0].Metrics[0].GetHistogram().DataPoints[0]
		},
	}
	inExponential = place{
		wire.Metrics, `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"exponentialHistogram":{"dataPoints":[`, `]}}]}]}]}`,
		"resourceMetrics[0].scopeMetrics[0].metrics[0].exponentialHistogram.dataPoints[0]",
		func(m proto.Message) proto.Message {
			return m.(*colmetrics.ExportMetricsServiceRequest).ResourceMetrics[0].ScopeMetrics[0].Metrics[0].GetExponentialHistogram().DataPoints[0]
		},
	}
	inMetric = place{
		wire.Metrics, `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[`, `]}]}]}`, "resourceMetrics[0].scopeMetrics[0].metrics[0]",
		func(m proto.Message) proto.Message {
			return m.(*colmetrics.ExportMetricsServiceRequest).ResourceMetrics[0].ScopeMetrics[0].Metrics[0]
		},
	}
	inPoint = place{
		wire.Metrics, `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[`, `]}}]}]}]}`,
		"resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0]",
		func(m proto.Message) proto.Message {
			return m.(*colmetrics.ExportMetricsServiceRequest).ResourceMetrics[0].ScopeMetrics[0].Metrics[0].GetGauge().DataPoints[0]
		},
	}
)

// empty returns an empty message of the place's kind.
func (p place) empty() proto.Message {
	switch p.path {
	case inSpan.path:
		return &trace.Span{}
	case inValue.path:
		return &common.AnyValue{}
	case inHistogram.path:
		return &metrics.HistogramDataPoint{}
	case inExponential.path:
		return &metrics.ExponentialHistogramDataPoint{}
	case inMetric.path:
		return &metrics.Metric{}
	default:
		return &metrics.NumberDataPoint{}
	}
}

// reads checks that the JSON of one message means the message in text format.
func (p place) reads(t *testing.T, json, want string) {
	t.Helper()
	m, err := read(p.sig, p.open+json+p.close)
	if err != nil {
		t.Errorf("%s: %v", json, err)
		return
	}
	expected := p.empty()
	if err := prototext.Unmarshal([]byte(want), expected); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	if got := p.message(m); !proto.Equal(got, expected) {
		t.Errorf("%s\n got %v\nwant %v", json, got, expected)
	}
}

// refuses checks that the JSON of one message is refused at the path below the
// message, with a problem that contains the words.
func (p place) refuses(t *testing.T, json, path, problem string) {
	t.Helper()
	refuses(t, p.sig, p.open+json+p.close, strings.TrimSuffix(p.path+"."+path, "."), problem)
}

func refuses(t *testing.T, sig wire.Signal, json, path, problem string) {
	t.Helper()
	dst := []byte("kept")
	out, err := AppendWire(dst, sig, []byte(json))
	var e *SyntaxError
	if !errors.As(err, &e) {
		t.Errorf("%s: error %v, want a *SyntaxError", json, err)
		return
	}
	if string(out) != "kept" {
		t.Errorf("%s: dst became %q", json, out)
	}
	if e.Path != path || !strings.Contains(e.Problem, problem) {
		t.Errorf("%s\n got %v\nwant (%s): … %s …", json, e, path, problem)
	}
	if e.Offset < 0 || e.Offset > len(json) {
		t.Errorf("%s: offset %d is outside of the document", json, e.Offset)
	}
}

// J1: identifiers are hexadecimal, in either case, and other bytes base64.
func TestJ1IdentifiersAreHex(t *testing.T) {
	f := func(json, want string) { t.Helper(); inSpan.reads(t, json, want) }
	const id = `"\x5b\x8e\xff\xf7\x98\x03\x81\x03\xd2\x69\xb6\x33\x81\x3f\xc6\x0c"`
	f(`{"traceId":"5B8EFFF798038103D269B633813FC60C"}`, `trace_id: `+id)
	f(`{"traceId":"5b8efff798038103d269b633813fc60c"}`, `trace_id: `+id)
	f(`{"traceId":"5b8EFFf798038103d269b633813fC60c","spanId":"EEE19B7EC3C1B174","parentSpanId":"eee19b7ec3c1b173"}`,
		`trace_id: `+id+` span_id: "\xee\xe1\x9b\x7e\xc3\xc1\xb1\x74" parent_span_id: "\xee\xe1\x9b\x7e\xc3\xc1\xb1\x73"`)
	f(`{"traceId":"\u0035b8efff798038103d269b633813fc60c"}`, `trace_id: `+id)
	f(`{"links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000000ff"}]}`,
		`links { trace_id: `+id+` span_id: "\x00\x00\x00\x00\x00\x00\x00\xff" }`)
	f(`{"traceId":"","spanId":"","parentSpanId":""}`, ``)
	// What to do about a wrong length is the wire scanner's decision.
	f(`{"spanId":"abcd"}`, `span_id: "\xab\xcd"`)
	f(`{"spanId":"5b8efff798038103d269b633813fc60c"}`, `span_id: `+id)
	f(`{"traceId":"eee19b7ec3c1b174"}`, `trace_id: "\xee\xe1\x9b\x7e\xc3\xc1\xb1\x74"`)

	r := func(json, path, problem string) { t.Helper(); inSpan.refuses(t, json, path, problem) }
	r(`{"traceId":"W47/95gDgQPSabYzgT/GDA=="}`, "traceId", `must be hexadecimal digits, not "W47/95gDgQPSabYzgT/GDA=="`)
	r(`{"traceId":"W47_95gDgQPSabYzgT_GDAaaaaaaaaaa"}`, "traceId", `must be hexadecimal digits`)
	r(`{"spanId":"eee19b7ec3c1b17g"}`, "spanId", `must be hexadecimal digits`)
	r(`{"spanId":"eee19b7ec3c1b17"}`, "spanId", `must be an even number of hexadecimal digits`)
	r(`{"spanId":17}`, "spanId", `must be a string of hexadecimal digits, not a number`)
	r(`{"links":[{},{"spanId":"-"}]}`, "links[1].spanId", `hexadecimal`)
}

func TestJ1OtherBytesAreBase64(t *testing.T) {
	f := func(json, want string) { t.Helper(); inValue.reads(t, json, want) }
	f(`{"bytesValue":"+/8BAg=="}`, `bytes_value: "\xfb\xff\x01\x02"`)
	f(`{"bytesValue":"+/8BAg"}`, `bytes_value: "\xfb\xff\x01\x02"`)
	f(`{"bytesValue":"-_8BAg=="}`, `bytes_value: "\xfb\xff\x01\x02"`)
	f(`{"bytesValue":"-_8BAg"}`, `bytes_value: "\xfb\xff\x01\x02"`)
	f(`{"bytesValue":"+\/8BAg=="}`, `bytes_value: "\xfb\xff\x01\x02"`)
	f(`{"bytesValue":""}`, `bytes_value: ""`)
	f(`{"bytesValue":"`+strings.Repeat("AAAA", 100)+`"}`, `bytes_value: "`+strings.Repeat(`\x00`, 300)+`"`)
	r := func(json, problem string) { t.Helper(); inValue.refuses(t, json, "bytesValue", problem) }
	r(`{"bytesValue":"a"}`, `must be base64, not "a"`)
	r(`{"bytesValue":"+_8BAg=="}`, `must be base64`)
	r(`{"bytesValue":"AA=A"}`, `must be base64`)
	r(`{"bytesValue":[1,2]}`, `must be a base64 string, not an array`)
}

// J3: enums are integers, also such as the schema does not list.
func TestJ3EnumsAreIntegers(t *testing.T) {
	f := func(json, want string) { t.Helper(); inSpan.reads(t, json, want) }
	f(`{"kind":2,"status":{"code":1}}`, `kind: SPAN_KIND_SERVER status { code: STATUS_CODE_OK }`)
	f(`{"kind":2.0}`, `kind: SPAN_KIND_SERVER`)
	f(`{"kind":0}`, ``)
	f(`{"kind":77}`, `kind: 77`)
	f(`{"kind":-1}`, `kind: -1`)
	r := func(json, problem string) { t.Helper(); inSpan.refuses(t, json, "kind", problem) }
	r(`{"kind":"SPAN_KIND_SERVER"}`, `enum must be an integer, not "SPAN_KIND_SERVER"`)
	r(`{"kind":"2"}`, `enum must be an integer, not "2"`)
	r(`{"kind":2147483648}`, `out of range`)
	r(`{"kind":true}`, `must be an integer, not a boolean`)
}

// J4: unknown keys are ignored at every depth, as long as they hold JSON.
func TestJ4UnknownKeysAreIgnored(t *testing.T) {
	f := func(json, want string) { t.Helper(); inSpan.reads(t, json, want) }
	f(`{"future":{"a":[1,-2.5e+3,"x\n\u00e9",{"b":null}],"c":{}},"name":"n"}`, `name: "n"`)
	f(`{"name":"n","future":[],"":true,"nam":false,"names":"x","Name":"y"}`, `name: "n"`)
	f(`{"future":1,"future":2}`, ``)
	f(`{"attributes":[{"key":"k","x":0,"value":{"y":[[]],"intValue":"1"}}]}`, `attributes { key: "k" value { int_value: 1 } }`)
	f(`{"x":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`, ``)
	r := func(json, path, problem string) { t.Helper(); inSpan.refuses(t, json, path, problem) }
	r(`{"x":`+strings.Repeat("[", 201)+strings.Repeat("]", 201)+`}`, "x"+strings.Repeat("[0]", 17)+".…", "nested too deeply")
	r(`{"x":[1,,2]}`, "x[1]", `unexpected ",", want a value`)
	r(`{"x":{"a":[0,01]}}`, "x.a[1]", `"01" is not a number`)
	r(`{"x":{"a":.5}}`, "x.a", `unexpected "."`)
	r(`{"x":{1:2}}`, "x", "want a key")
	r(`{"x":{"a" 1}}`, "x.a", `want ":"`)
	r(`{"x":[1 2]}`, "x[0]", `want "," or "]"`)
	r(`{"x":{"a":1]}`, "x.a", `want "," or "}"`)
	r(`{"x":nul}`, "x", `want null`)
	r(`{"x":"\x"}`, "x", `no escape sequence`)
}

// J5: only the lowerCamelCase name is the field's.
func TestJ5OnlyLowerCamelCase(t *testing.T) {
	f := func(json, want string) { t.Helper(); inSpan.reads(t, json, want) }
	f(`{"trace_id":"xyz","span_id":1,"start_time_unix_nano":"5","startTimeUnixNano":"6"}`, `start_time_unix_nano: 6`)
	f(`{"start\u0054imeUnixNano":"6","\u006eame":"n"}`, `start_time_unix_nano: 6 name: "n"`)
}

// J6: NaN and the infinities are strings; null is the default value.
func TestJ6SpecialValues(t *testing.T) {
	v := func(json, want string) { t.Helper(); inValue.reads(t, json, want) }
	v(`{"doubleValue":"NaN"}`, `double_value: nan`)
	v(`{"doubleValue":"Infinity"}`, `double_value: inf`)
	v(`{"doubleValue":"-Infinity"}`, `double_value: -inf`)
	v(`{"doubleValue":"N\u0061N"}`, `double_value: nan`)
	v(`{"stringValue":null,"boolValue":true}`, `bool_value: true`)
	v(`{"arrayValue":null}`, ``)
	v(`{"arrayValue":{"values":null}}`, `array_value {}`)
	s := func(json, want string) { t.Helper(); inSpan.reads(t, json, want) }
	s(`{"traceId":null,"name":null,"kind":null,"flags":null,"startTimeUnixNano":null,"attributes":null,"status":null}`, ``)
	s(`{"attributes":[{"key":null,"value":null}]}`, `attributes {}`)
	h := func(json, want string) { t.Helper(); inHistogram.reads(t, json, want) }
	h(`{"sum":null,"bucketCounts":null,"explicitBounds":["-Infinity",0,"NaN"]}`, `explicit_bounds: [-inf, 0, nan]`)

	inValue.refuses(t, `{"doubleValue":"nan"}`, "doubleValue", `must be a number, not "nan"`)
	inValue.refuses(t, `{"doubleValue":NaN}`, "doubleValue", `unexpected "N"`)
	inValue.refuses(t, `{"arrayValue":{"values":[{},null]}}`, "arrayValue.values[1]", `null is not a value of an array`)
	inSpan.refuses(t, `{"attributes":[null]}`, "attributes[0]", `null is not a value of an array`)
	inHistogram.refuses(t, `{"bucketCounts":[1,null]}`, "bucketCounts[1]", `null is not a value of an array`)
}
