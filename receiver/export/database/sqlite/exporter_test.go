package sqlite

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

func stored() []wire.Signal { return []wire.Signal{wire.Traces, wire.Metrics, wire.Logs} }

// export writes a batch, all of which must be taken.
func export(t *testing.T, e *Exporter, b *pipeline.Batch) {
	t.Helper()
	if p, err := e.Export(t.Context(), b); err != nil || p != (pipeline.Partial{}) {
		t.Fatalf("%s: %+v, %v", b.Signal, p, err)
	}
}

// All columns of all signals arrive as they are, and once, however often they are sent.
func TestExport(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path})
	for _, sig := range stored() {
		b := sample(sig, 100).another(0)
		export(t, e, b)
		expect(t, path, b)
		export(t, e, b)
		expect(t, path, b)
	}
	if n := items(t, path); n != 300 {
		t.Errorf("%d items, want 300", n)
	}
	if n := e.Duplicates(); n != 300 {
		t.Errorf("%d were there already, want 300", n)
	}
	if n := count(t, path, "SELECT count(*) FROM otlp_resources"); n != 2 { // one has a schema URL
		t.Errorf("%d resources, want 2", n)
	}
	export(t, e, pipeline.EmptyBatch(wire.Logs))
	_, err := e.Export(t.Context(), batch(wire.Profiles, 1, nil))
	if _, ok := errors.AsType[*pipeline.RejectedError](err); !ok {
		t.Errorf("profiles: %v", err)
	}
}

// A batch in several parts is one.
func TestExportParts(t *testing.T) {
	path := place(t)
	s := sample(wire.Traces, 10)
	b := batch(wire.Traces, 20, s.another(1).Parts[0].Data.ReadOnlyData(), s.another(2).Parts[0].Data.ReadOnlyData())
	export(t, open(t, Config{Path: path}), b)
	expect(t, path, b)
}

// What is hard to keep is kept.
func TestExportHardValues(t *testing.T) {
	long := strings.Repeat("ö", 1<<19)
	spans := otlptest.Traces(6)
	s := spans.ResourceSpans[0].ScopeSpans[0].Spans
	s[0].Name, s[0].TraceState = "a\x00b", "\x00"
	s[1].StartTimeUnixNano, s[1].EndTimeUnixNano = math.MaxUint64, 1
	s[2].StartTimeUnixNano, s[2].EndTimeUnixNano = 0, 0
	s[3].Attributes[0].Value.Value = &commonpb.AnyValue_StringValue{StringValue: long}
	s[4].TraceId, s[4].SpanId, s[4].Name, s[4].Attributes = nil, nil, "", nil
	s[5].Kind, s[5].Flags, s[5].DroppedEventsCount = -7, math.MaxUint32, math.MaxUint32
	points := otlptest.Metrics(25)
	for _, m := range points.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		for i, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64} {
			if g := m.GetGauge(); g != nil {
				g.DataPoints[i].Value = &metricspb.NumberDataPoint_AsDouble{AsDouble: v}
			}
			if h := m.GetHistogram(); h != nil {
				h.DataPoints[i].Sum, h.DataPoints[i].Count, h.DataPoints[i].TimeUnixNano = &v, math.MaxUint64-uint64(i), 1+uint64(i)*math.MaxInt64
			}
		}
	}
	records := otlptest.Logs(4)
	l := records.ResourceLogs[0].ScopeLogs[0].LogRecords
	l[0].Body = nil
	l[1].Body.Value = &commonpb.AnyValue_StringValue{}
	l[2].Body.Value = &commonpb.AnyValue_DoubleValue{DoubleValue: math.NaN()}
	l[3].SeverityNumber, l[3].SeverityText = 4711, long
	path := place(t)
	e := open(t, Config{Path: path})
	for _, b := range []*pipeline.Batch{
		batch(wire.Traces, 6, otlptest.Encode(spans)), batch(wire.Metrics, 25, otlptest.Encode(points)), batch(wire.Logs, 4, otlptest.Encode(records)),
	} {
		export(t, e, b)
		if b.Signal != wire.Traces { // the key of a span without times depends on when it came
			expect(t, path, b)
		}
	}
	if n := items(t, path); n != 35 {
		t.Errorf("%d items, want 35", n)
	}
	f := func(want int64, where string) {
		t.Helper()
		if n := count(t, path, "SELECT count(*) FROM otlp_spans WHERE "+where); n != want {
			t.Errorf("%s: %d spans, want %d", where, n, want)
		}
	}
	f(1, "time = 9223372036854775807 AND start_unix_nano = -1 AND duration_nano = 2")
	f(1, "time = received AND start_unix_nano = 0 AND duration_nano = 0")
	f(1, "trace_id = x'' AND span_id = x'' AND attributes IS NULL AND name = ''")
	f(1, "length(attributes) > 1 << 19")
	f(1, "raw IS NOT NULL AND name = 'a\ufffdb'")
	f(1, "kind = -7 AND flags = 4294967295 AND dropped_events = 4294967295")
}

// One bad item leaves its neighbours in peace.
func TestExportRefused(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path})
	e.conn.Limit(sqlite.LimitLength, 1<<16)
	spans := otlptest.Traces(5)
	spans.ResourceSpans[0].ScopeSpans[0].Spans[2].Attributes[0].Value.Value = &commonpb.AnyValue_StringValue{StringValue: strings.Repeat("x", 1<<16)}
	p, err := e.Export(t.Context(), batch(wire.Traces, 5, otlptest.Encode(spans)))
	want := pipeline.Partial{Rejected: 1, Message: "database " + path + ": 1 span refused: 1 for string or blob too big"}
	want.Reasons[pipeline.RefusedTooLarge] = 1
	if err != nil || p != want {
		t.Errorf("%+v, %v; want %+v", p, err, want)
	}
	if n := items(t, path); n != 4 {
		t.Errorf("%d items, want 4", n)
	}
	export(t, e, sample(wire.Traces, 1).another(1)) // the count begins anew
}

// A file that others take away is begun anew.
func TestExportAfterRemoval(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path})
	b := sample(wire.Logs, 10).another(0)
	f := func(names ...string) {
		t.Helper()
		export(t, e, b)
		for _, suffix := range names {
			if err := os.Rename(path+suffix, path+suffix+".away"); err != nil {
				t.Fatal(err)
			}
		}
		export(t, e, b)
		expect(t, path, b)
		if _, err := New(Config{Path: path}, e.log); err == nil {
			t.Error("the lock does not hold any more")
		}
	}
	f("")
	f("", lockSuffix)
	f("", lockSuffix, walSuffix, shmSuffix)
}

// Full is what a disk, or a limit, is: nothing is half-written, and the batch fits when there is room.
func TestExportFull(t *testing.T) {
	path := place(t)
	e := open(t, Config{Path: path})
	limit := func(pages string) {
		t.Helper()
		if err := e.conn.run("PRAGMA max_page_count = " + pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("100")
	s := sample(wire.Traces, 100)
	acknowledged := int64(0)
	var err error
	for hour := uint64(0); err == nil; hour++ {
		if _, err = e.Export(t.Context(), s.another(hour)); err == nil {
			acknowledged += 100
		}
	}
	if _, ok := errors.AsType[*pipeline.RetryableError](err); !ok || sqlite.ErrCode(err) != sqlite.ResultFull || !strings.Contains(err.Error(), path) {
		t.Errorf("full: %v", err)
	}
	if n := items(t, path); n != acknowledged || n == 0 {
		t.Errorf("%d items, %d were acknowledged", n, acknowledged)
	}
	limit("1000")
	b := s.another(1000)
	export(t, e, b)
	expect(t, path, b)
}
