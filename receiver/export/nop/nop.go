// Package nop is an exporter that takes everything and keeps nothing: for
// measuring what stands before it, and for pipelines that only count.
package nop

import (
	"context"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Config is the configuration of the nop exporter. Like in the Collector, it has no keys.
type Config struct{}

// DefaultConfig returns the configuration of the nop exporter.
func DefaultConfig() Config { return Config{} }

// Validate accepts every configuration, as there is only one.
func (*Config) Validate() error { return nil }

// Settings returns how a pipeline.Destination is to treat the exporter: without
// a queue, as nothing ever has to wait.
func (*Config) Settings() pipeline.Settings {
	return pipeline.Settings{Queue: pipeline.QueueConfig{NumConsumers: 1, QueueSize: 1, Sizer: pipeline.Requests}}
}

// Exporter takes everything. It implements pipeline.Exporter.
type Exporter struct{}

var _ pipeline.Exporter = Exporter{}

// New returns the exporter.
func New(Config) Exporter { return Exporter{} }

// Export accepts the batch.
func (Exporter) Export(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
	return pipeline.Partial{}, nil
}

// Close has nothing to do.
func (Exporter) Close(context.Context) error { return nil }
