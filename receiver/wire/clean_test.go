package wire

import (
	"bytes"
	"testing"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
)

// Whichever items are invalid, the others stay, and what touches is one cut: a
// client that has every item wrong must not cost more memory than its request.
func TestCutsThatTouchAreOne(t *testing.T) {
	f := func(first, second string, cuts int) {
		t.Helper()
		m := otlptest.Traces(len(first))
		m.ResourceSpans[0].ScopeSpans = append(m.ResourceSpans[0].ScopeSpans, otlptest.Traces(len(second)).ResourceSpans[0].ScopeSpans...)
		invalid := 0
		for i, pattern := range []string{first, second} {
			for j, span := range m.ResourceSpans[0].ScopeSpans[i].Spans {
				if pattern[j] == '-' {
					span.TraceId = nil
					invalid++
				}
			}
		}
		b := otlptest.Encode(m)
		r, err := Scan(Traces, b)
		if err != nil || r.Invalid != invalid || len(r.cuts) != cuts {
			t.Errorf("%s %s: %d invalid in %d cuts, %v; want %d in %d", first, second, r.Invalid, len(r.cuts), err, invalid, cuts)
		}
		for _, ss := range m.ResourceSpans[0].ScopeSpans {
			var valid []*trace.Span
			for _, span := range ss.Spans {
				if span.TraceId != nil {
					valid = append(valid, span)
				}
			}
			ss.Spans = valid
		}
		if got := Clean(nil, Traces, b, &r); !bytes.Equal(got, otlptest.Encode(m)) {
			t.Errorf("%s %s: Clean left %x", first, second, got)
		}
	}
	f("+++", "+++", 0)
	f("---", "---", 2)
	f("-++", "+--", 2)
	f("+-+", "-+-", 3)
	f("--+--", "+", 2)
	f("+", "---------", 1)
}

// Identifiers that are stripped one behind the other are one cut, too, and each counts.
func TestStrippedRepeatedly(t *testing.T) {
	b := msg(1, msg(2, msg(2, msg(9, []byte{1}), msg(9, []byte{2}), msg(10, []byte{3})), msg(2, msg(10, []byte{4}))))
	r, err := Scan(Logs, b)
	if err != nil || r.Items != 2 || r.Stripped != 4 || len(r.cuts) != 2 {
		t.Errorf("got %+v, %v", r, err)
	}
	if got := Clean(nil, Logs, b, &r); !bytes.Equal(got, msg(1, msg(2, msg(2), msg(2)))) {
		t.Errorf("Clean left %x", got)
	}
}
