package pipeline

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Every refused item has one reason in the books, whatever nonsense the backend says.
func TestRefusalsAreCountedByReason(t *testing.T) {
	f := func(name string, partial Partial, err error, want map[string]int64) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			e := &backend{answer: func(context.Context, int, *Batch) (Partial, error) { return partial, err }}
			d := start(t, e, Settings{Queue: DefaultQueueConfig()})
			route := NewRoute([]*Lane{d.Lane(wire.Traces, Limits{})}, nil, nil)
			if _, err := route.Consume(t.Context(), &Payload{Signal: wire.Traces, Items: 100, Data: mem.SliceBuffer("all of it")}); err != nil {
				t.Fatal(err)
			}
			d.Drain()
			got := d.State().Books[wire.Traces]
			if !maps.Equal(got.RejectedReasons, want) || got.Unexplained() != 0 {
				t.Errorf("%s: %+v, want %v", name, got, want)
			}
			var sum int64
			for _, n := range got.RejectedReasons {
				sum += n
			}
			if sum != got.Rejected {
				t.Errorf("%s: %d rejected, reasons for %d", name, got.Rejected, sum)
			}
		})
	}
	f("all taken", Partial{}, nil, map[string]int64{})
	f("a partial success", Partial{Rejected: 3}, nil, map[string]int64{"partial_success": 3})
	f("reasons for some", Partial{Rejected: 5, Reasons: Refusals{RefusedInvalid: 2, RefusedConstraint: 1}}, nil,
		map[string]int64{"invalid": 2, "constraint": 1, "partial_success": 2})
	f("more reasons than items", Partial{Rejected: 2, Reasons: Refusals{RefusedInvalid: 70, RefusedTooLarge: -1}}, nil, map[string]int64{"invalid": 2})
	f("more than there are", Partial{Rejected: 200, Reasons: Refusals{RefusedTooLarge: 150}}, nil, map[string]int64{"too_large": 100})
	f("fewer than none", Partial{Rejected: -1, Reasons: Refusals{RefusedInvalid: 1}}, nil, map[string]int64{})
	f("the whole batch", Partial{}, &RejectedError{Err: errStuck, Reason: RefusedUnauthorized}, map[string]int64{"unauthorized": 100})
	f("without a reason", Partial{}, &RejectedError{Err: errStuck}, map[string]int64{"other": 100})
	f("in parts", Partial{}, &DividedError{Settled: []Settled{
		{Items: 60, Partial: Partial{Rejected: 7, Reasons: Refusals{RefusedConstraint: 7}}},
		{Items: 40, Err: &RejectedError{Err: errStuck, Reason: RefusedUnsupported}},
	}}, map[string]int64{"constraint": 7, "unsupported": 40})
}

func TestRefusalsOfTwoDestinations(t *testing.T) {
	sum := Books{Rejected: 3, RejectedReasons: map[string]int64{"invalid": 1, "other": 2}}.plus(Books{Rejected: 4, RejectedReasons: map[string]int64{"other": 4}})
	if want := map[string]int64{"invalid": 1, "other": 6}; sum.Rejected != 7 || !maps.Equal(sum.RejectedReasons, want) {
		t.Errorf("%+v", sum)
	}
}
