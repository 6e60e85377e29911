package wire

import (
	"errors"
	"testing"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
)

// pieces splits b and returns copies of the pieces, each checked against its count.
func pieces(t *testing.T, sig Signal, b []byte, limit Limit) [][]byte {
	t.Helper()
	var all [][]byte
	err := Split(sig, b, limit, func(piece []byte, items int) error {
		r, err := Scan(sig, piece)
		if err != nil || r.Items != items {
			t.Fatalf("piece %d: Scan = %+v, %v; Split said %d items", len(all), r, err, items)
		}
		all = append(all, append([]byte(nil), piece...))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSplitByItems(t *testing.T) {
	f := func(sig Signal, m proto.Message, items, limit, want int) {
		t.Helper()
		all := pieces(t, sig, otlptest.Encode(m), Limit{Items: limit})
		if len(all) != want {
			t.Errorf("%s: %d items by %d gave %d pieces, want %d", sig, items, limit, len(all), want)
		}
		total := 0
		for i, p := range all {
			r, _ := Scan(sig, p)
			if r.Items > limit {
				t.Errorf("%s: piece %d holds %d items", sig, i, r.Items)
			}
			total += r.Items
		}
		if total != items {
			t.Errorf("%s: pieces hold %d items, want %d", sig, total, items)
		}
	}
	f(Traces, otlptest.Traces(10), 10, 3, 4)
	f(Traces, otlptest.Traces(9), 9, 3, 3)
	f(Traces, otlptest.Traces(1), 1, 3, 1)
	f(Logs, otlptest.Logs(7), 7, 1, 7)
	f(Metrics, otlptest.Metrics(25), 25, 4, 7)
	f(Metrics, otlptest.Metrics(25), 25, 100, 1)
}

// A split keeps each item with its resource, scope and metric: put together
// again, the pieces hold what the request held.
func TestSplitKeepsContext(t *testing.T) {
	m := otlptest.Traces(5)
	second := otlptest.Traces(4).ResourceSpans[0]
	second.Resource.Attributes = second.Resource.Attributes[:1]
	second.ScopeSpans = append(second.ScopeSpans, otlptest.Traces(2).ResourceSpans[0].ScopeSpans[0])
	second.ScopeSpans[1].SchemaUrl = "https://example.com/schema"
	m.ResourceSpans = append(m.ResourceSpans, second)
	m.ResourceSpans[0].ProtoReflect().SetUnknown(msg(1000, []byte("kept")))
	b := otlptest.Encode(m)

	type flat struct{ resource, scope, span string }
	flatten := func(b []byte) []flat {
		var m coltrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		var all []flat
		for _, rs := range m.GetResourceSpans() {
			around := &trace.ResourceSpans{Resource: rs.GetResource(), SchemaUrl: rs.GetSchemaUrl()}
			around.ProtoReflect().SetUnknown(rs.ProtoReflect().GetUnknown())
			for _, ss := range rs.GetScopeSpans() {
				for _, span := range ss.GetSpans() {
					all = append(all, flat{
						string(otlptest.Encode(around)),
						string(otlptest.Encode(&trace.ScopeSpans{Scope: ss.GetScope(), SchemaUrl: ss.GetSchemaUrl()})),
						string(otlptest.Encode(span)),
					})
				}
			}
		}
		return all
	}
	want := flatten(b)
	for limit := 1; limit <= 12; limit++ {
		var got []flat
		for _, p := range pieces(t, Traces, b, Limit{Items: limit}) {
			got = append(got, flatten(p)...)
		}
		if len(got) != len(want) {
			t.Fatalf("limit %d: %d spans, want %d", limit, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("limit %d: span %d or what is around it changed", limit, i)
			}
		}
	}
}

func TestSplitByBytes(t *testing.T) {
	b := otlptest.Encode(otlptest.Traces(100))
	all := pieces(t, Traces, b, Limit{Bytes: 4096})
	for i, p := range all {
		if len(p) > 4096 {
			t.Errorf("piece %d has %d bytes", i, len(p))
		}
	}
	if len(all) < len(b)/4096 || len(all) > len(b)/2048 {
		t.Errorf("%d bytes in %d pieces", len(b), len(all))
	}
	if one := pieces(t, Traces, b, Limit{Bytes: 10}); len(one) != 100 {
		t.Errorf("items larger than the limit: %d pieces, want one an item", len(one))
	}
}

// What stands around items counts too: around small ones it is most of a piece.
func TestSplitCountsWhatIsAroundSmallItems(t *testing.T) {
	m := &collogs.ExportLogsServiceRequest{}
	for range 1000 {
		m.ResourceLogs = append(m.ResourceLogs, &logs.ResourceLogs{ScopeLogs: []*logs.ScopeLogs{{LogRecords: []*logs.LogRecord{{}}}}})
	}
	for _, limit := range []int{100, 1000, 4096} {
		for i, p := range pieces(t, Logs, otlptest.Encode(m), Limit{Bytes: limit}) {
			if len(p) > limit {
				t.Errorf("limit %d: piece %d has %d bytes", limit, i, len(p))
			}
		}
	}
}

func TestSplitStopsAtError(t *testing.T) {
	stop := errors.New("stop")
	calls := 0
	err := Split(Traces, otlptest.Encode(otlptest.Traces(10)), Limit{Items: 2}, func([]byte, int) error {
		calls++
		return stop
	})
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}
