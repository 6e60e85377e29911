package debug

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

//nolint:gochecknoglobals // the flag that rewrites golden files
var update = flag.Bool("update", false, "write what is printed to testdata")

// batch makes a batch whose parts are the given requests.
func batch(sig wire.Signal, requests ...proto.Message) *pipeline.Batch {
	b := &pipeline.Batch{Signal: sig}
	for _, r := range requests {
		data := otlptest.Encode(r)
		report, err := wire.Scan(sig, data)
		if err != nil {
			panic(err)
		}
		b.Items += report.Items
		b.Bytes += len(data)
		b.Parts = append(b.Parts, pipeline.Part{Data: mem.SliceBuffer(data)})
	}
	return b
}

// printed returns what an exporter prints for the batches.
func printed(t *testing.T, v Verbosity, batches ...*pipeline.Batch) string {
	t.Helper()
	var out bytes.Buffer
	c := DefaultConfig()
	c.Verbosity = v
	e, err := New(c, Streams{Out: &out}, nil)
	if err != nil {
		t.Fatal(err)
	}
	e.zone = time.UTC
	synctest.Test(t, func(t *testing.T) {
		for _, b := range batches {
			if _, err := e.Export(t.Context(), b); err != nil {
				t.Error(err)
			}
		}
	})
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return out.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // G306: a golden file is for everyone to read
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // G304: a golden file
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", name, got)
	}
}

// richSpan has every field of a span.
func richSpan() *trace.Span {
	s := otlptest.Span(3)
	s.Name, s.Kind, s.TraceState = "charge card", trace.Span_SPAN_KIND_CLIENT, "vendor=1"
	s.Status = &trace.Status{Code: trace.Status_STATUS_CODE_ERROR, Message: "card declined"}
	s.DroppedAttributesCount, s.DroppedEventsCount, s.DroppedLinksCount = 1, 2, 3
	s.Attributes = []*common.KeyValue{
		{Key: "retry", Value: &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: true}}},
		{Key: "amount", Value: &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: 12}}},
		{Key: "token", Value: &common.AnyValue{Value: &common.AnyValue_BytesValue{BytesValue: []byte{1, 2}}}},
		{Key: "tags", Value: &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{
			{Value: &common.AnyValue_StringValue{StringValue: "a"}}, {Value: &common.AnyValue_IntValue{IntValue: -2}}, {},
		}}}}},
		{Key: "card", Value: &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: []*common.KeyValue{
			{Key: "brand", Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: "v\"isa"}}},
		}}}}},
		{Key: "nothing"},
	}
	s.Events = []*trace.Span_Event{{TimeUnixNano: s.StartTimeUnixNano + 500, Name: "exception", Attributes: s.Attributes[:1]}}
	s.Links = []*trace.Span_Link{{TraceId: otlptest.ID(16, 9), SpanId: otlptest.ID(8, 9), Flags: 1}}
	s.ProtoReflect().SetUnknown([]byte{0x98, 0x06, 0x01}) // field 99
	return s
}

func rich() *coltrace.ExportTraceServiceRequest {
	r := otlptest.Traces(2)
	r.ResourceSpans[0].ScopeSpans[0].Spans = append(r.ResourceSpans[0].ScopeSpans[0].Spans, richSpan())
	other := &trace.ResourceSpans{ScopeSpans: []*trace.ScopeSpans{{Spans: []*trace.Span{{
		TraceId: otlptest.ID(16, 5), SpanId: otlptest.ID(8, 5), Name: "no resource, no times",
	}}}}}
	r.ResourceSpans = append(r.ResourceSpans, other)
	return r
}

// profile makes a batch of one profile. The protocol's Go module has no messages
// for it, as it is in development.
func profile() *pipeline.Batch {
	data, err := otlpjson.AppendWire(nil, wire.Profiles, []byte(`{
		"resourceProfiles": [{
			"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "orders"}}]},
			"scopeProfiles": [{"profiles": [{
				"timeUnixNano": "1790000000000000000", "durationNano": "10000000000", "profileId": "5b000000000000005b00000000000001",
				"samples": [{"stackIndex": 1, "values": [3, -1], "timestampsUnixNano": ["1790000000000000001"]}]
			}]}]
		}],
		"dictionary": {"stringTable": ["", "main"]}
	}`))
	if err != nil {
		panic(err)
	}
	return &pipeline.Batch{Signal: wire.Profiles, Items: 1, Parts: []pipeline.Part{{Data: mem.SliceBuffer(data)}}}
}

func TestVerbosities(t *testing.T) {
	batches := []*pipeline.Batch{
		batch(wire.Traces, rich(), otlptest.Traces(1)),
		batch(wire.Metrics, otlptest.Metrics(25)),
		batch(wire.Logs, otlptest.Logs(3)),
		profile(),
	}
	for _, v := range []Verbosity{Basic, Normal, Detailed} {
		t.Run(string(v), func(t *testing.T) { golden(t, string(v)+".txt", printed(t, v, batches...)) })
	}
}

// Nothing that a terminal would obey gets through, wherever it stands.
func TestHostileText(t *testing.T) {
	const evil = "\x1b[2J\x1b]0;owned\x07\r\n\x00\u009b31m\u202etxt.exe\u2066\u2028\x7f\xff\\"
	valid := strings.ToValidUTF8(evil, "\ufeff")
	s := func(text string) *common.AnyValue {
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: text}}
	}
	attributes := []*common.KeyValue{{Key: "service.name", Value: s(valid)}, {Key: valid, Value: s(valid)}}
	r := rich()
	r.ResourceSpans[0].Resource.Attributes = attributes
	span := r.ResourceSpans[0].ScopeSpans[0].Spans[0]
	span.Name, span.TraceState, span.Attributes = valid, valid, attributes
	span.Status = &trace.Status{Message: valid}
	m := otlptest.Metrics(25)
	m.ResourceMetrics[0].Resource.Attributes = attributes
	for _, metric := range m.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		metric.Name, metric.Unit = valid, valid
	}
	l := otlptest.Logs(2)
	l.ResourceLogs[0].ScopeLogs[0].LogRecords[0] = &logs.LogRecord{SeverityText: valid, Body: s(valid), EventName: valid, Attributes: attributes}
	l.ResourceLogs[0].ScopeLogs[0].LogRecords[1].Body = &common.AnyValue{Value: &common.AnyValue_KvlistValue{KvlistValue: &common.KeyValueList{Values: attributes}}}
	for _, v := range []Verbosity{Basic, Normal, Detailed} {
		got := printed(t, v, batch(wire.Traces, r), batch(wire.Metrics, m), batch(wire.Logs, l))
		for i, c := range got {
			if c != '\n' && !harmless(c) {
				t.Errorf("%s: %q in %q", v, c, got[max(0, i-20):min(len(got), i+20)])
				break
			}
		}
	}
}

func TestText(t *testing.T) {
	f := func(in, want, quoted string) {
		t.Helper()
		if got := string(appendText(nil, []byte(in))); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
		if got := string(appendQuoted(nil, []byte(in))); got != quoted {
			t.Errorf("%q is %s in quotes, want %s", in, got, quoted)
		}
	}
	f(`plain C:\dir "x"`, `plain C:\dir "x"`, `"plain C:\\dir \"x\""`)
	f("Grüße, 世界 👩\u200d🚀", "Grüße, 世界 👩\u200d🚀", "\"Grüße, 世界 👩\u200d🚀\"")
	f("a\nb\tc\rd", `a\nb\tc\rd`, `"a\nb\tc\rd"`)
	f("\x1b[31m\x00\x7f", `\x1b[31m\x00\x7f`, `"\x1b[31m\x00\x7f"`)
	f("\u009b\u202e\u2028\U000e0001", `\u009b\u202e\u2028\U000e0001`, `"\u009b\u202e\u2028\U000e0001"`)
	f("\xff\xc3", `\xff\xc3`, `"\xff\xc3"`)
	f("", "", `""`)

	g := func(in string, width int, want string) {
		t.Helper()
		if got := string(appendCut(nil, []byte(in), width)); got != want {
			t.Errorf("%q in %d characters is %q, want %q", in, width, got, want)
		}
	}
	g("abcd", 4, "abcd")
	g("abcde", 4, "abc…")
	g("世界世界", 4, "世界世界")
	g("世界世界世", 4, "世界世…")
	g(strings.Repeat("😀", 5), 4, "😀😀😀…")
	g(strings.Repeat("a", 1000), 4, "aaa…")
	g("", 4, "")
}

func TestShortDurations(t *testing.T) {
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := string(appendShort(nil, d)); got != want {
			t.Errorf("%d ns is %q, want %q", d, got, want)
		}
	}
	f(0, "0ns")
	f(999, "999ns")
	f(1500, "1.5µs")
	f(1_234_567, "1.23ms")
	f(123_456_789, "123ms")
	f(9_876*time.Millisecond, "9.88s")
	f(90*time.Second, "1m30s")
	f(-1500*time.Microsecond, "-1.5ms")
}

// The first batches of a signal in each second are printed, then every n-th.
func TestSampling(t *testing.T) {
	f := func(initial, thereafter int, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			c := DefaultConfig()
			c.SamplingInitial, c.SamplingThereafter = initial, thereafter
			e, err := New(c, Streams{Out: &out}, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			export := func(b *pipeline.Batch) {
				before := out.Len()
				if _, err := e.Export(t.Context(), b); err != nil {
					t.Fatal(err)
				}
				if out.Len() > before {
					got += "x"
				} else {
					got += "."
				}
			}
			for range 8 {
				export(batch(wire.Logs, otlptest.Logs(1)))
			}
			export(batch(wire.Traces, otlptest.Traces(1))) // counted apart
			time.Sleep(time.Second)
			export(batch(wire.Logs, otlptest.Logs(1)))
			if got != want {
				t.Errorf("%d, then every %d: %s, want %s", initial, thereafter, got, want)
			}
		})
	}
	f(2, 1, "xxxxxxxxxx")
	f(2, 3, "xx..x..xxx")
	f(2, 0, "xx......xx")
	f(0, 0, "..........")
}

func TestOutputs(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "telemetry.txt")
	if err := os.WriteFile(path, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	c := DefaultConfig()
	c.OutputPaths = []string{"stderr", path}
	e, err := New(c, Streams{Out: &out, Err: &stderr}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Export(t.Context(), batch(wire.Logs, otlptest.Logs(1))); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path) //nolint:gosec // G304: a file of this test
	if err != nil {
		t.Fatal(err)
	}
	if out.Len() > 0 || !strings.Contains(stderr.String(), "1 log record") || string(got) != "before\n"+stderr.String() {
		t.Errorf("stdout %q, stderr %q, file %q", &out, &stderr, got)
	}
	c.OutputPaths = []string{path, filepath.Join(dir, "missing", "x")}
	if _, err := New(c, Streams{}, nil); err == nil || !strings.Contains(err.Error(), "output_paths[1]: open ") {
		t.Errorf("error %v", err)
	}
}

// Through the log, each line is a record.
func TestInternalLogger(t *testing.T) {
	var out bytes.Buffer
	c := DefaultConfig()
	c.Verbosity, c.UseInternalLogger = Detailed, true
	e, err := New(c, Streams{}, slog.New(slog.NewJSONHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Export(t.Context(), batch(wire.Logs, &collogs.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		ScopeLogs: []*logs.ScopeLogs{{LogRecords: []*logs.LogRecord{{SeverityNumber: 9}}}},
	}}})); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), `"msg":"telemetry"`); lines != 5 || !strings.Contains(out.String(), `"text":"        severityNumber: INFO (9)"`) {
		t.Errorf("%d records:\n%s", lines, &out)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// What cannot be printed is reported once and for all.
func TestBrokenOutput(t *testing.T) {
	e, err := New(DefaultConfig(), Streams{Out: broken{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Export(t.Context(), batch(wire.Logs, otlptest.Logs(1)))
	var retryable *pipeline.RetryableError
	if !errors.Is(err, io.ErrClosedPipe) || errors.As(err, &retryable) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkExport(b *testing.B) {
	for _, v := range []Verbosity{Basic, Normal, Detailed} {
		b.Run(string(v), func(b *testing.B) {
			c := DefaultConfig()
			c.Verbosity = v
			e, err := New(c, Streams{Out: io.Discard}, nil)
			if err != nil {
				b.Fatal(err)
			}
			traces := batch(wire.Traces, otlptest.Traces(1000))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Export(b.Context(), traces); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
