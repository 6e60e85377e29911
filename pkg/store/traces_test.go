package store

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

func TestTraces(t *testing.T) {
	w := newWritten(t)
	w.shop()
	f := func(want string, filter TraceFilter) {
		t.Helper()
		if filter.Limit == 0 {
			filter.Limit = 20
		}
		got, err := w.Traces(t.Context(), filter)
		if err != nil || names(got) != want {
			t.Errorf("%+v: got traces %q, %v, want %q", filter, names(got), err, want)
		}
	}
	f("321", TraceFilter{})
	f("32", TraceFilter{Limit: 2})
	f("21", TraceFilter{Service: "frontend"})
	f("31", TraceFilter{Service: "cart"})
	f("", TraceFilter{Service: "car"})
	f("2", TraceFilter{Name: "GET /"})
	f("21", TraceFilter{Name: "GET /*"})
	f("31", TraceFilter{Name: "l??d"})
	f("", TraceFilter{Name: "L*"})
	f("", TraceFilter{Name: "[G]ET /"})
	f("", TraceFilter{Name: "GET%"})
	f("1", TraceFilter{Status: StatusError})
	f("1", TraceFilter{Status: StatusError, Service: "frontend"})
	f("32", TraceFilter{Status: StatusOK})
	f("1", TraceFilter{MinDuration: time.Second})
	f("32", TraceFilter{MaxDuration: time.Second})
	f("3", TraceFilter{MinDuration: 300 * time.Millisecond, MaxDuration: time.Second})
	f("1", TraceFilter{Attributes: []Attribute{{"http.status", "500"}}})
	f("1", TraceFilter{Attributes: []Attribute{{"http.status", "500"}, {"host", "frontend-1"}}})
	f("", TraceFilter{Attributes: []Attribute{{"http.status", "500"}, {"host", "cart-1"}}})
	f("31", TraceFilter{Attributes: []Attribute{{"host", "cart-1"}}})
	f("3", TraceFilter{Attributes: []Attribute{{"db.cached", "true"}}})
	f("1", TraceFilter{Attributes: []Attribute{{"db.cached", "false"}}})
	f("2", TraceFilter{Attributes: []Attribute{{`odd."key[0]`, "x"}}})
	f("3", TraceFilter{Range: Range{Since: noon().Add(30 * time.Second)}})
	f("21", TraceFilter{Range: Range{Until: noon().Add(30 * time.Second)}})
	f("2", TraceFilter{Range: Range{Since: noon().Add(15 * time.Second), Until: noon().Add(30 * time.Second)}})
}

func TestSummary(t *testing.T) {
	w := newWritten(t)
	w.shop()
	got, err := w.Traces(t.Context(), TraceFilter{Limit: 20})
	if err != nil {
		t.Fatal(err)
	}
	slow, orphan := got[2], got[0]
	want := Trace{
		ID: TraceID(traceID(1)), Root: Root{Service: "frontend", Name: "GET /cart", Failed: true}, Start: at(10), Duration: 2 * time.Second,
		Spans: 3, Errors: 2, Services: []ServiceShare{{"cart", 2, 1}, {"frontend", 1, 1}}, first: at(10),
	}
	if !reflect.DeepEqual(slow, want) {
		t.Errorf("got  %+v\nwant %+v", slow, want)
	}
	if want := (Root{Service: "cart", Name: "load", Missing: true}); orphan.Root != want {
		t.Errorf("the root of a trace that has lost it: %+v, want %+v", orphan.Root, want)
	}
}

// Starts have 64 bits without a sign: after the year 2262 they are negative in a column.
func TestSummaryOfLateSpans(t *testing.T) {
	f := func(wantStart uint64, want time.Duration, spans ...[2]uint64) {
		t.Helper()
		w := newWritten(t)
		for i, one := range spans {
			s := aSpan{trace: 1, id: byte(i + 1), service: "a", name: "late"}.span()
			s.StartTimeUnixNano, s.EndTimeUnixNano = one[0], one[1]
			w.write(wire.Traces, &coltrace.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{
				Resource: service("a"), ScopeSpans: []*trace.ScopeSpans{{Spans: []*trace.Span{s}}},
			}}})
		}
		got, err := w.Traces(t.Context(), TraceFilter{Limit: 1})
		if err != nil || len(got) != 1 || got[0].Start != wantStart || got[0].Duration != want {
			t.Errorf("%v: %+v, %v; want a start of %d and %s", spans, got, err, wantStart, want)
		}
	}
	const late = 1<<63 + 1000
	f(late, 5, [2]uint64{late, late + 5})
	f(late, 25, [2]uint64{late + 10, late + 25}, [2]uint64{late, late + 1})
	f(late, 0, [2]uint64{late, late - 1})
	f(1<<63-5, 10, [2]uint64{1<<63 - 5, 1<<63 + 5})
	f(at(0), 1<<63-1-time.Duration(at(0)), [2]uint64{at(0), at(1)}, [2]uint64{1<<63 - 2, 1<<63 - 1})
	f(at(0), 1<<63-1, [2]uint64{at(0), at(1)}, [2]uint64{1<<64 - 2, 1<<64 - 1})
	f(1<<64-2, 1, [2]uint64{1<<64 - 2, 1<<64 - 1})
	f(at(3), 0, [2]uint64{0, at(3)})
}

// The newest traces by their start are not those with the newest spans.
func TestNewestByStart(t *testing.T) {
	w := newWritten(t)
	w.spans(aSpan{trace: 1, id: 1, service: "a", name: "long", start: 0, end: 100})
	for i := range 40 {
		var all []aSpan
		for j := range 50 { // together more than one step
			all = append(all, aSpan{trace: 1, id: byte(j), parent: 1, service: "a", name: fmt.Sprint(i, j), start: 50 + float64(i), end: 60})
		}
		w.spans(all...)
	}
	w.spans(aSpan{trace: 2, id: 1, service: "a", name: "short", start: 10, end: 11})
	w.spans(aSpan{trace: 3, id: 1, service: "a", name: "short", start: 20, end: 21})
	got, err := w.Traces(t.Context(), TraceFilter{Limit: 2})
	if err != nil || names(got) != "32" {
		t.Errorf("got traces %q, %v, want 32", names(got), err)
	}
}

func TestFind(t *testing.T) {
	w := newWritten(t)
	w.shop()
	w.spans(aSpan{trace: 0x11, id: 1, service: "a", name: "a"})
	whole := TraceID(traceID(2)).String()
	f := func(prefix string, want byte, problem string) {
		t.Helper()
		got, err := w.Find(t.Context(), prefix)
		if problem != "" {
			if err == nil || !strings.Contains(err.Error(), problem) {
				t.Errorf("%q: %v, want %q", prefix, err, problem)
			}
			return
		}
		if err != nil || got != TraceID(traceID(want)) {
			t.Errorf("%q: got %v, %v", prefix, got, err)
		}
	}
	f(whole, 2, "")
	f(strings.ToUpper(whole), 2, "")
	f("02AB0304-0506-0708", 2, "")
	f("02a", 2, "")
	f("02", 2, "")
	f("1", 0x11, "")
	f("0", 0, "several begin with it, such as 01ab")
	f("05", 0, "not found")
	f("xyz", 0, "hexadecimal digits only")
	f("", 0, "has 32 hexadecimal digits")
	f(whole+"0", 0, "and not 33")
	if _, err := w.Find(t.Context(), "05"); !errors.Is(err, errNotFound) {
		t.Errorf("an ID that no trace has: %v, want %v", err, errNotFound)
	}
}
