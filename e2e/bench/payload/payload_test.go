package payload_test

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/bench/payload"
	"github.com/otlpctl/otlpctl/e2e/bench/wirecount"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// The sink's light count, the official decoder and the payload's promise must agree.
func TestItems(t *testing.T) {
	for _, s := range signal.All() {
		for _, items := range []int{1, 3, 100, 101} {
			bodies, err := payload.Encode(payload.Shape{Signal: s, Items: items}, 3)
			if err != nil {
				t.Fatal(err)
			}
			for _, body := range bodies {
				message := s.NewRequest()
				if err := proto.Unmarshal(body, message); err != nil {
					t.Fatal(err)
				}
				if got := signal.Items(message); got != items {
					t.Errorf("%s: decoded %d items, want %d", s, got, items)
				}
				got, err := wirecount.New(s).Count(body)
				if err != nil || got != items {
					t.Errorf("%s: counted %d items, %v, want %d", s, got, err, items)
				}
			}
		}
	}
}

func TestSize(t *testing.T) {
	f := func(s signal.Signal, from, to int) {
		t.Helper()
		bodies, err := payload.Encode(payload.Shape{Signal: s, Items: 100}, 8)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, b := range bodies {
			total += len(b)
		}
		if mean := total / len(bodies); mean < from || mean > to {
			t.Errorf("%s: %d bytes per 100 items, want %d to %d", s, mean, from, to)
		}
	}
	f(signal.Traces, 46_000, 52_000)
	f(signal.Logs, 25_000, 45_000)
	f(signal.Metrics, 20_000, 45_000)
}

func TestRepeatable(t *testing.T) {
	shape := payload.Shape{Signal: signal.Traces, Items: 10, JSON: true, Gzip: true}
	first, err := payload.Encode(shape, 2)
	if err != nil {
		t.Fatal(err)
	}
	again, err := payload.Encode(shape, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first[0], again[0]) || !bytes.Equal(first[1], again[1]) {
		t.Error("the same shape gave different bytes")
	}
	if bytes.Equal(first[0], first[1]) {
		t.Error("two bodies of a set are equal")
	}
}
