package pipeline

import (
	"log/slog"
	"testing"

	"google.golang.org/grpc/mem"
)

type once struct{ backend }

func (*once) Duplicates() int64 { return 7 }

type behind struct {
	backend

	exporter Exporter
}

func (b *behind) Unwrap() Exporter { return b.exporter }

func TestDuplicates(t *testing.T) {
	f := func(e Exporter, want *int64) {
		t.Helper()
		got := NewDestination("x", e, settings(), mem.NopBufferPool{}, slog.New(slog.DiscardHandler)).State().Duplicates
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%T: %v, want %v", e, got, want)
		}
	}
	f(&backend{}, nil)
	f(&once{}, new(int64(7)))
	f(&behind{}, nil)
	f(&behind{exporter: &once{}}, new(int64(7)))
	f(&behind{exporter: &backend{}}, nil)
}

func TestDuplicatesOfEarlier(t *testing.T) {
	f := func(now, earlier, want *int64) {
		t.Helper()
		got := State{Duplicates: now}.Plus(State{Duplicates: earlier}).Duplicates
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%v and %v: %v, want %v", now, earlier, got, want)
		}
	}
	f(nil, nil, nil)
	f(new(int64(1)), nil, new(int64(1)))
	f(nil, new(int64(2)), new(int64(2)))
	f(new(int64(1)), new(int64(2)), new(int64(3)))
}
