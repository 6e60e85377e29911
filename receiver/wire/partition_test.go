package wire

import (
	"errors"
	"maps"
	"math"
	"slices"
	"testing"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
)

// parted partitions b and returns copies of the requests, each checked against its count.
func parted(t *testing.T, sig Signal, b []byte, group func(Item) int) map[int][]byte {
	t.Helper()
	all := map[int][]byte{}
	err := Partition(sig, b, math.MaxInt, group, func(g int, request []byte, items int) error {
		if all[g] != nil {
			t.Errorf("group %d came twice", g)
		}
		r, err := Scan(sig, request)
		if err != nil || r.Items != items {
			t.Errorf("group %d: Scan = %+v, %v; Partition said %d items", g, r, err, items)
		}
		all[g] = slices.Clone(request)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// placed is a span with all that is around it.
type placed struct{ resource, scope, span string }

func spansOf(t *testing.T, b []byte) []placed {
	t.Helper()
	var m coltrace.ExportTraceServiceRequest
	if err := proto.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	var all []placed
	for _, rs := range m.GetResourceSpans() {
		around := &trace.ResourceSpans{Resource: rs.GetResource(), SchemaUrl: rs.GetSchemaUrl()}
		around.ProtoReflect().SetUnknown(rs.ProtoReflect().GetUnknown())
		for _, ss := range rs.GetScopeSpans() {
			for _, span := range ss.GetSpans() {
				all = append(all, placed{
					string(otlptest.Encode(around)),
					string(otlptest.Encode(&trace.ScopeSpans{Scope: ss.GetScope(), SchemaUrl: ss.GetSchemaUrl()})),
					string(otlptest.Encode(span)),
				})
			}
		}
	}
	return all
}

// twoResources is a request with three scopes below two resources.
func twoResources() *coltrace.ExportTraceServiceRequest {
	m := otlptest.Traces(5)
	second := otlptest.Traces(4).ResourceSpans[0]
	second.Resource.Attributes = second.Resource.Attributes[:1]
	second.ScopeSpans = append(second.ScopeSpans, otlptest.Traces(2).ResourceSpans[0].ScopeSpans[0])
	second.ScopeSpans[1].SchemaUrl = "https://example.com/schema"
	m.ResourceSpans = append(m.ResourceSpans, second)
	m.ResourceSpans[0].ProtoReflect().SetUnknown(msg(1000, []byte("kept")))
	return m
}

// Whatever the groups, each item is in one of the requests, in order, and what is
// around it as it was.
func TestPartitionKeepsContext(t *testing.T) {
	b := otlptest.Encode(twoResources())
	want := spansOf(t, b)
	for groups := 1; groups <= 12; groups++ {
		n := 0
		requests := parted(t, Traces, b, func(Item) int {
			n++
			return n % groups
		})
		if n != len(want) {
			t.Fatalf("%d groups: asked for %d items, want %d", groups, n, len(want))
		}
		for g, request := range requests {
			var expected []placed
			for i, span := range want {
				if (i+1)%groups == g {
					expected = append(expected, span)
				}
			}
			if got := spansOf(t, request); !slices.Equal(got, expected) {
				t.Errorf("%d groups: group %d has other spans, or what is around them changed", groups, g)
			}
		}
	}
}

func TestPartitionCountsEverySignal(t *testing.T) {
	f := func(sig Signal, m proto.Message, items int) {
		t.Helper()
		n, total := 0, 0
		for _, request := range parted(t, sig, otlptest.Encode(m), func(Item) int { n++; return n % 3 }) {
			r, _ := Scan(sig, request)
			total += r.Items
		}
		if n != items || total != items {
			t.Errorf("%s: asked for %d items, requests have %d, want %d", sig, n, total, items)
		}
	}
	f(Traces, otlptest.Traces(10), 10)
	f(Metrics, otlptest.Metrics(25), 25)
	f(Logs, otlptest.Logs(7), 7)
	f(Traces, &coltrace.ExportTraceServiceRequest{}, 0)
}

func TestPartitionTellsTraceAndResource(t *testing.T) {
	m := twoResources()
	m.ResourceSpans[1].Resource = nil
	var blocks []int
	resources := map[string]int{}
	traces := map[string]int{}
	parted(t, Traces, otlptest.Encode(m), func(i Item) int {
		blocks = append(blocks, i.Block)
		resources[string(i.Resource)]++
		traces[string(i.TraceID)]++
		return 0
	})
	if !slices.Equal(blocks, []int{0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}) {
		t.Errorf("blocks %v", blocks)
	}
	if want := map[string]int{string(otlptest.Encode(m.ResourceSpans[0].Resource)): 5, "": 6}; !maps.Equal(resources, want) {
		t.Errorf("%d resources", len(resources))
	}
	if traces[string(otlptest.ID(16, 1))] != 3 || len(traces) != 5 {
		t.Errorf("traces %v", traces)
	}
	parted(t, Metrics, otlptest.Encode(otlptest.Metrics(5)), func(i Item) int {
		if i.TraceID != nil {
			t.Error("a data point has no trace")
		}
		return 0
	})
	logs := otlptest.Logs(2)
	logs.ResourceLogs[0].ScopeLogs[0].LogRecords[1].TraceId = nil
	var seen []bool
	parted(t, Logs, otlptest.Encode(logs), func(i Item) int {
		seen = append(seen, i.TraceID != nil)
		return 0
	})
	if !slices.Equal(seen, []bool{true, false}) {
		t.Errorf("log records with a trace: %v", seen)
	}
}

func TestPartitionLeavesOneGroupAsItIs(t *testing.T) {
	b := otlptest.Encode(otlptest.Logs(3))
	err := Partition(Logs, b, 0, func(Item) int { return 7 }, func(g int, request []byte, items int) error {
		if g != 7 || items != 3 || &request[0] != &b[0] || len(request) != len(b) {
			t.Errorf("group %d of %d items is not the request itself", g, items)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPartitionStops(t *testing.T) {
	b := otlptest.Encode(otlptest.Traces(10))
	calls, n := 0, 0
	each := func(Item) int { n++; return n }
	stop := errors.New("stop")
	emit := func(int, []byte, int) error { calls++; return stop }
	if err := Partition(Traces, b, math.MaxInt, each, emit); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	calls = 0
	if err := Partition(Traces, b, len(b), each, emit); !errors.Is(err, ErrSwollen) || calls != 0 {
		t.Errorf("without room: got %v after %d calls", err, calls)
	}
}
