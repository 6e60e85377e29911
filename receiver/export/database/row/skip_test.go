package row

import (
	"reflect"
	"slices"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// decodeFrom decodes requests as one batch whose first items are not told.
func decodeFrom(t *testing.T, skip int, sig wire.Signal, requests ...[]byte) *recorder {
	t.Helper()
	var d Decoder
	r := &recorder{}
	o := received()
	o.Skip = skip
	d.Reset(o)
	for _, b := range requests {
		if err := d.Decode(sig, b, r); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// Items are the same rows whether or not those before them are told, also if their keys depend on their places.
func TestSkip(t *testing.T) {
	timeless := otlptest.Traces(6)
	for _, s := range timeless.ResourceSpans[0].ScopeSpans[0].Spans {
		s.StartTimeUnixNano, s.EndTimeUnixNano = 0, 0
	}
	f := func(sig wire.Signal, requests ...[]byte) {
		t.Helper()
		all := record(t, sig, requests...)
		items := len(all.spans) + len(all.points) + len(all.logs)
		if items < 12 {
			t.Fatalf("%s: %d items", sig, items)
		}
		for skip := range items + 2 {
			got := decodeFrom(t, skip, sig, requests...)
			if !reflect.DeepEqual(got.spans, tail(all.spans, skip)) || !reflect.DeepEqual(got.points, tail(all.points, skip)) || !reflect.DeepEqual(got.logs, tail(all.logs, skip)) {
				t.Errorf("%s: without the first %d items, the others are not the same", sig, skip)
			}
			if told := len(got.resources) + len(got.scopes) + len(got.metrics); (told == 0) != (skip >= items) {
				t.Errorf("%s: without the first %d items, %d rows to refer to", sig, skip, told)
			}
			if skip < items && got.order[0] != "resource" {
				t.Errorf("%s: without the first %d items, a %s comes first", sig, skip, got.order[0])
			}
		}
	}
	f(wire.Traces, otlptest.Encode(otlptest.Traces(6)), otlptest.Encode(timeless))
	f(wire.Metrics, otlptest.Encode(otlptest.Metrics(25)))
	f(wire.Logs, otlptest.Encode(otlptest.Logs(6)), otlptest.Encode(otlptest.Logs(6)))
}

func tail[T any](rows []T, skip int) []T {
	if skip >= len(rows) {
		return nil
	}
	return rows[skip:]
}

// reteller lets the decoder tell all again after each data point.
type reteller struct {
	recorder

	decoder Decoder
}

func (r *reteller) Point(p *Point) error {
	r.decoder.Retell()
	return r.recorder.Point(p)
}

func TestRetell(t *testing.T) {
	var r reteller
	r.decoder.Reset(received())
	if err := r.decoder.Decode(wire.Metrics, otlptest.Encode(otlptest.Metrics(10)), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.points) != 10 {
		t.Errorf("%d points", len(r.points))
	}
	for each := range slices.Chunk(r.order, 4) {
		if !slices.Equal(each, []string{"resource", "scope", "metric", "point"}) {
			t.Errorf("told %v", each)
		}
	}
}
