package receiver

import (
	"context"
	"fmt"

	"github.com/otlpctl/otlpctl/receiver/export/database"
	"github.com/otlpctl/otlpctl/receiver/export/debug"
	"github.com/otlpctl/otlpctl/receiver/export/file"
	"github.com/otlpctl/otlpctl/receiver/export/nop"
	"github.com/otlpctl/otlpctl/receiver/export/otlp"
	"github.com/otlpctl/otlpctl/receiver/export/otlphttp"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// ProcessorConfig is the configuration of a processor: a *pipeline.BatchConfig
// or a *pipeline.LimiterConfig.
type ProcessorConfig interface{ Validate() error }

// ExporterConfig is the configuration of an exporter: a pointer to the Config of
// one of the packages below receiver/export.
type ExporterConfig interface {
	Validate() error
	// Settings says how the exporter's batches are queued and retried.
	Settings() pipeline.Settings
}

// targetKey returns the key that names where an exporter delivers to, or nothing if there is no such place.
func targetKey(c ExporterConfig) string {
	if targeted, ok := c.(interface{ TargetKey() string }); ok {
		return targeted.TargetKey()
	}
	return ""
}

// ReceiverTypes lists the types of receivers, current names only.
func ReceiverTypes() []string { return []string{"otlp"} }

// ProcessorTypes lists the types of processors, current names only.
func ProcessorTypes() []string { return []string{"batch", "memory_limiter"} }

// ExporterTypes lists the types of exporters, current names only. otlp_grpc and otlp_http are other
// names of otlp and otlphttp.
func ExporterTypes() []string {
	return []string{"database", "debug", "file", "nop", "otlp", "otlp_grpc", "otlp_http", "otlphttp"}
}

// DeprecatedExporterTypes maps old names of exporter types to current ones.
func DeprecatedExporterTypes() map[string]string { return map[string]string{"logging": "debug"} }

// NewReceiverConfig returns the defaults of a receiver of the given type, or nil
// if there is no such type.
func NewReceiverConfig(typ string) *ingest.Config {
	if typ != "otlp" {
		return nil
	}
	c := ingest.DefaultConfig()
	return &c
}

// NewProcessorConfig returns the defaults of a processor of the given type, or
// nil if there is no such type.
func NewProcessorConfig(typ string) ProcessorConfig {
	switch typ {
	case "batch":
		c := pipeline.DefaultBatchConfig()
		return &c
	case "memory_limiter":
		c := pipeline.DefaultLimiterConfig()
		return &c
	default:
		return nil
	}
}

// NewExporterConfig returns the defaults of an exporter of the given type, old
// names included, or nil if there is no such type.
func NewExporterConfig(typ string) ExporterConfig {
	switch typ {
	case "database":
		c := database.DefaultConfig()
		return &c
	case "debug":
		c := debug.DefaultConfig()
		return &c
	case "logging":
		c := debug.DefaultLoggingConfig()
		return &c
	case "file":
		c := file.DefaultConfig()
		return &c
	case "nop":
		c := nop.DefaultConfig()
		return &c
	case "otlp", "otlp_grpc":
		c := otlp.DefaultConfig()
		return &c
	case "otlphttp", "otlp_http":
		c := otlphttp.DefaultConfig()
		return &c
	default:
		return nil
	}
}

// exporter makes the exporter id as c describes it.
func (b *builder) exporter(ctx context.Context, id ID, c ExporterConfig) (pipeline.Exporter, error) {
	log := b.deps.Log.With("exporter", string(id))
	streams := debug.Streams{Out: b.deps.Stdout, Err: b.deps.Stderr}
	switch c := c.(type) {
	case *database.Config:
		return b.database(*c, log)
	case *debug.Config:
		return debug.New(*c, streams, log)
	case *debug.LoggingConfig:
		return debug.New(c.Debug(), streams, log)
	case *file.Config:
		return b.file(*c, log)
	case *nop.Config:
		return nop.New(*c), nil
	case *otlp.Config:
		return b.otlp(ctx, c, log)
	case *otlphttp.Config:
		return b.otlphttp(ctx, c, log)
	default:
		return nil, fmt.Errorf("no exporter is made of a %T", c)
	}
}
