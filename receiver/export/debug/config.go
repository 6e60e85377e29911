package debug

import (
	"fmt"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Verbosity is how much is printed for a batch.
type Verbosity string

// The verbosities: one line for a batch, one line for an item, or everything.
const (
	Basic    Verbosity = "basic"
	Normal   Verbosity = "normal"
	Detailed Verbosity = "detailed"
)

// UnmarshalText reads a verbosity in upper or lower case, as the Collector does.
func (v *Verbosity) UnmarshalText(text []byte) error {
	switch lower := Verbosity(strings.ToLower(string(text))); lower {
	case Basic, Normal, Detailed:
		*v = lower
		return nil
	}
	return fmt.Errorf("%q is no verbosity: one of basic, normal, detailed", text)
}

// Config is the configuration of the debug exporter. Its keys are those of the
// Collector's; only the default of use_internal_logger differs.
type Config struct {
	Verbosity          Verbosity            `yaml:"verbosity" doc:"How much to print: a line for each batch, a line for each item, or everything." enum:"basic|normal|detailed"`
	SamplingInitial    int                  `yaml:"sampling_initial" doc:"Print this many batches of a signal in each second, before sampling_thereafter applies." unit:"batches" min:"0"`
	SamplingThereafter int                  `yaml:"sampling_thereafter" doc:"Print every n-th of the further batches in the same second; 1 prints all of them, 0 none." unit:"batches" min:"0"`
	UseInternalLogger  bool                 `yaml:"use_internal_logger" doc:"Print through the log, a record for each line, instead of as plain text to output_paths."`
	OutputPaths        []string             `yaml:"output_paths" doc:"Where to print: stdout, stderr or names of files to append to; stdout by default."`
	SendingQueue       pipeline.QueueConfig `yaml:"sending_queue" doc:"The queue before the exporter."`
}

// DefaultConfig returns the defaults of the debug exporter: a line for each
// batch, to standard output, nothing left out.
func DefaultConfig() Config {
	queue := pipeline.DefaultQueueConfig()
	queue.NumConsumers = 1 // what is printed comes in the order in which it arrived
	return Config{Verbosity: Basic, SamplingInitial: 2, SamplingThereafter: 1, SendingQueue: queue}
}

// Validate checks what concerns several keys.
func (c *Config) Validate() error {
	switch {
	case c.UseInternalLogger && c.OutputPaths != nil:
		return invalid.Key("output_paths", "does not go with use_internal_logger: true, which prints to the log")
	case c.OutputPaths != nil && len(c.OutputPaths) == 0:
		return invalid.Key("output_paths", "must name at least one output, such as stdout")
	}
	return nil
}

// Settings returns how a pipeline.Destination is to treat the exporter. What
// cannot be printed is not tried again: it may stand there in part.
func (c *Config) Settings() pipeline.Settings { return pipeline.Settings{Queue: c.SendingQueue} }

// LoggingConfig is the configuration of the exporter under its old name,
// logging, with the old key beside the new ones.
type LoggingConfig struct {
	Config `yaml:",inline"`

	LogLevel string `yaml:"loglevel" doc:"The verbosity under its old name: debug is detailed, info is normal, anything above is basic." enum:"debug|info|warn|error" deprecated:"use verbosity: detailed, normal or basic"`
}

// DefaultLoggingConfig returns the defaults of the exporter under its old name:
// unlike debug, it prints a line for each item.
func DefaultLoggingConfig() LoggingConfig {
	c := LoggingConfig{Config: DefaultConfig()}
	c.Verbosity = "" // as long as neither key is set
	return c
}

// Validate checks what concerns several keys.
func (c *LoggingConfig) Validate() error {
	if c.LogLevel != "" && c.Verbosity != "" {
		return invalid.Key("loglevel", "is the old name of verbosity: remove one of them")
	}
	return c.Config.Validate()
}

// Debug returns the same configuration for the debug exporter.
func (c *LoggingConfig) Debug() Config {
	d := c.Config
	switch {
	case d.Verbosity != "":
	case c.LogLevel == "debug":
		d.Verbosity = Detailed
	case c.LogLevel == "info" || c.LogLevel == "":
		d.Verbosity = Normal
	default:
		d.Verbosity = Basic
	}
	return d
}
