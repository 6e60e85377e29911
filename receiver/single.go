package receiver

import (
	"context"
	"fmt"

	"github.com/otlpctl/otlpctl/receiver/export/otlp"
	"github.com/otlpctl/otlpctl/receiver/export/otlphttp"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// NewExporter makes an exporter as a Receiver has it, by itself: there is no queue before it, and nothing is sent
// again. c is a *otlp.Config or a *otlphttp.Config that has been validated; of deps, Log and Resolve are used.
func NewExporter(ctx context.Context, c ExporterConfig, deps Deps) (pipeline.Exporter, error) {
	b := builder{deps: deps, pool: &pipeline.Pool{}}
	switch c := c.(type) {
	case *otlp.Config:
		return b.otlp(ctx, c, deps.Log)
	case *otlphttp.Config:
		return b.otlphttp(ctx, c, deps.Log)
	default:
		return nil, fmt.Errorf("a %T does not send OTLP", c)
	}
}
