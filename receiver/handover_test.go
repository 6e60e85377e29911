package receiver

import (
	"context"
	"errors"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// sink takes everything.
type sink struct{}

func (*sink) Export(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
	return pipeline.Partial{}, nil
}

func (*sink) Close(context.Context) error { return nil }

// What is asked of the exporter behind is answered as soon as there is one.
func TestHandoverUnwraps(t *testing.T) {
	to, away := &sink{}, errors.New("away")
	h := newHandover("file", func() (pipeline.Exporter, error) {
		if away != nil {
			return nil, away
		}
		return to, nil
	})
	h.after(t.Context(), nil)
	f := func(want pipeline.Exporter) {
		t.Helper()
		if got := h.Unwrap(); got != want {
			t.Errorf("%v is behind, want %v", got, want)
		}
	}
	f(nil)
	if _, err := h.Export(t.Context(), &pipeline.Batch{}); !errors.Is(err, away) {
		t.Errorf("what cannot be opened: %v", err)
	}
	f(nil)
	away = nil
	if _, err := h.Export(t.Context(), &pipeline.Batch{}); err != nil {
		t.Error(err)
	}
	f(to)
}
