package nop_test

import (
	"log/slog"
	"testing"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/export/nop"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// What goes in is accounted for as delivered, at once and without a queue.
func TestTakesEverything(t *testing.T) {
	config := nop.DefaultConfig()
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	d := pipeline.NewDestination("nop", nop.New(config), config.Settings(), &pipeline.Pool{}, slog.New(slog.DiscardHandler))
	route := pipeline.NewRoute([]*pipeline.Lane{d.Lane(wire.Logs, pipeline.Limits{})}, nil, nil)
	done := make(chan error, 1)
	go func() { done <- d.Run(t.Context()) }()

	data := mem.SliceBuffer(otlptest.Encode(otlptest.Logs(7)))
	partial, err := route.Consume(t.Context(), &pipeline.Payload{Signal: wire.Logs, Items: 7, Data: data})
	if err != nil || partial != (pipeline.Partial{}) {
		t.Errorf("partial %+v, error %v", partial, err)
	}
	books := d.State().Books[wire.Logs]
	if books.Accepted != 7 || books.Exported != 7 || books.Unexplained() != 0 {
		t.Errorf("books %+v", books)
	}
	d.Drain()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
