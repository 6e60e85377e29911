package balanced

import (
	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// HashKey is what consistent_hash keeps together.
type HashKey string

// The hash keys.
const (
	// ByTrace keeps spans and log records of one trace together, and what has no
	// trace by its resource.
	ByTrace HashKey = "trace_id"
	// ByResource keeps together what is about one resource.
	ByResource HashKey = "resource"
)

// Config is the section balance of an exporter: how what it sends is spread over
// backends that are found by name.
type Config struct {
	balance.Config `yaml:",inline"`

	HashKey HashKey `yaml:"hash_key" doc:"What consistent_hash keeps together: spans and log records of a trace (what has no trace goes by its resource), or all that is about one resource." enum:"trace_id|resource"`
}

// DefaultConfig returns the defaults of the section.
func DefaultConfig() Config { return Config{Config: balance.DefaultConfig(), HashKey: ByTrace} }

// Validate checks what one value alone does not show.
func (c *Config) Validate() error {
	if c.HashKey != ByTrace && c.HashKey != ByResource {
		return invalid.Key("hash_key", "%q is not known: use %s or %s", string(c.HashKey), ByTrace, ByResource)
	}
	return c.Config.Validate()
}

// Divides reports whether batches are divided between instances, which cannot be
// done with what is kept compressed.
func (c *Config) Divides() bool { return c.Policy == balance.ConsistentHash }
