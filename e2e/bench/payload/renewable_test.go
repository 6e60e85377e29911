package payload_test

import (
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otlpctl/otlpctl/e2e/bench/payload"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const window = time.Second

func spansOf(t *testing.T, request []byte) []ptrace.Span {
	t.Helper()
	decoded := ptraceotlp.NewExportRequest()
	if err := decoded.UnmarshalProto(request); err != nil {
		t.Fatal(err)
	}
	var spans []ptrace.Span
	for _, scope := range decoded.Traces().ResourceSpans().At(0).ScopeSpans().All() {
		for _, span := range scope.Spans().All() {
			spans = append(spans, span)
		}
	}
	return spans
}

// Every request has its own spans, which still make traces, and all of them end by the time that was given.
func TestRenewedTraces(t *testing.T) {
	const size, ofTrace = 20, 5
	r, err := payload.NewRenewable(payload.Shape{Signal: signal.Traces, Items: size, Trace: ofTrace, Window: window}, 2)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 123)
	traces, seen := map[string]int{}, map[string]bool{}
	const requests = 6
	for number := range requests {
		spans := spansOf(t, r.Append(nil, number, now))
		for i, span := range spans {
			id := span.SpanID()
			if seen[hex.EncodeToString(id[:])] {
				t.Fatalf("request %d: span %d was there before", number, i)
			}
			seen[hex.EncodeToString(id[:])] = true
			trace := span.TraceID()
			traces[hex.EncodeToString(trace[:])]++
			if span.EndTimestamp().AsTime().After(now) || span.StartTimestamp().AsTime().Before(now.Add(-time.Minute)) {
				t.Fatalf("request %d: span %d is of %s", number, i, span.StartTimestamp().AsTime())
			}
			of := spans[i/ofTrace*ofTrace : i/ofTrace*ofTrace+ofTrace]
			inTrace := slices.ContainsFunc(of, func(s ptrace.Span) bool { return s.SpanID() == span.ParentSpanID() })
			if root := i%ofTrace == 0; inTrace == root {
				t.Fatalf("request %d: span %d: its parent is in its trace: %v", number, i, inTrace)
			}
		}
	}
	if len(traces) != requests*size/ofTrace {
		t.Errorf("%d traces", len(traces))
	}
}

func TestRenewedPoints(t *testing.T) {
	r, err := payload.NewRenewable(payload.Shape{Signal: signal.Metrics, Items: 25, Window: window}, 1)
	if err != nil {
		t.Fatal(err)
	}
	first := func(request []byte) time.Time {
		decoded := pmetricotlp.NewExportRequest()
		if err := decoded.UnmarshalProto(request); err != nil {
			t.Fatal(err)
		}
		gauge := decoded.Metrics().ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge()
		return gauge.DataPoints().At(0).Timestamp().AsTime()
	}
	now := time.Unix(1_800_000_000, 0)
	at, later := first(r.Append(nil, 0, now)), first(r.Append(nil, 1, now.Add(time.Millisecond)))
	if at.Before(now.Add(-window)) || at.After(now) || later.Sub(at) != time.Millisecond {
		t.Errorf("%s, then %s", at, later)
	}
}

func TestOnlyPlainProtobufIsRenewable(t *testing.T) {
	if _, err := payload.NewRenewable(payload.Shape{Items: 1, JSON: true}, 1); err == nil {
		t.Error("JSON can be renewed?")
	}
}
