// Package receiver is the telemetry receiver: it builds servers, pipelines and
// exporters from one Config and runs them from the first listener to the last
// delivered batch.
package receiver

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/admin"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// ID names a component: its type ("otlp"), or type and name ("otlp/two").
type ID string

// Type returns the part of the ID that says what the component is.
func (id ID) Type() string {
	typ, _, _ := strings.Cut(string(id), "/")
	return typ
}

// Config is the whole configuration of a receiver, in the Collector's form.
type Config struct {
	Receivers  map[ID]*ingest.Config  `yaml:"receivers" doc:"What takes telemetry in."`
	Processors map[ID]ProcessorConfig `yaml:"processors" doc:"What pipelines do with telemetry on the way."`
	Exporters  map[ID]ExporterConfig  `yaml:"exporters" doc:"What sends telemetry on."`
	Service    ServiceConfig          `yaml:"service" doc:"What runs, and how the receiver reports on itself."`
	Admin      admin.Config           `yaml:"admin" doc:"The port for health checks, metrics and status."`
}

// ServiceConfig is the section service.
type ServiceConfig struct {
	Pipelines map[ID]PipelineConfig `yaml:"pipelines" doc:"From which receivers through which processors to which exporters each signal goes."`
	Telemetry TelemetryConfig       `yaml:"telemetry" doc:"Logs and metrics of the receiver itself."`
	Shutdown  ShutdownConfig        `yaml:"shutdown" doc:"How much time a shutdown takes."`
	Reload    ReloadConfig          `yaml:"reload" doc:"When the configuration is read again."`
	Workers   int                   `yaml:"workers" doc:"How many processors may be used at the same time; 0 is all that the container may use." min:"0" max:"1024"`
}

// PipelineConfig is one entry of service.pipelines. The type of its ID is a
// signal: "traces", "metrics/internal".
type PipelineConfig struct {
	Receivers  []ID `yaml:"receivers" doc:"Where the pipeline's telemetry comes from."`
	Processors []ID `yaml:"processors" doc:"What is done with it, in order."`
	Exporters  []ID `yaml:"exporters" doc:"Where it goes; every exporter gets all of it."`
}

// DefaultConfig returns the configuration of a receiver that was given none:
// OTLP on its usual ports, summarised by the debug exporter.
func DefaultConfig() Config {
	c := BaseConfig()
	otlp := ingest.DefaultConfig()
	otlp.Protocols.GRPC, otlp.Protocols.HTTP = new(ingest.GRPCConfig), new(ingest.HTTPConfig)
	otlp.Protocols.GRPC.SetDefaults()
	otlp.Protocols.HTTP.SetDefaults()
	c.Receivers = map[ID]*ingest.Config{"otlp": &otlp}
	c.Exporters = map[ID]ExporterConfig{"debug": NewExporterConfig("debug")}
	c.Service.Pipelines = map[ID]PipelineConfig{}
	for _, sig := range []wire.Signal{wire.Traces, wire.Metrics, wire.Logs} {
		c.Service.Pipelines[ID(sig.String())] = PipelineConfig{Receivers: []ID{"otlp"}, Exporters: []ID{"debug"}}
	}
	return c
}

// BaseConfig returns the defaults that hold whatever components there are.
func BaseConfig() Config {
	return Config{
		Service: ServiceConfig{Telemetry: defaultTelemetry(), Shutdown: defaultShutdown(), Reload: ReloadConfig{Watch: true}},
		Admin:   admin.DefaultConfig(),
	}
}

// Validate checks what concerns more than one component.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Service.Pipelines) == 0 {
		errs = append(errs, invalid.Key("service.pipelines", "no pipeline is defined, so nothing would be received: write one, such as traces: {receivers: [otlp], exporters: [debug]}"))
	}
	for _, id := range slices.Sorted(maps.Keys(c.Service.Pipelines)) {
		errs = append(errs, c.validatePipeline(id)...)
	}
	errs = append(errs, c.validateListeners()...)
	errs = append(errs, c.validateFiles()...)
	errs = append(errs, c.validateSignals()...)
	return errors.Join(errs...)
}

func (c *Config) validatePipeline(id ID) []error {
	path := "service.pipelines." + string(id)
	p := c.Service.Pipelines[id]
	var errs []error
	if _, ok := wire.ParseSignal(id.Type()); !ok {
		errs = append(errs, invalid.Key(path, "%q is no signal: a pipeline is called traces, metrics, logs or profiles, with /name behind it if there are several", id.Type()))
	}
	if len(p.Receivers) == 0 {
		errs = append(errs, invalid.Key(path, "has no receivers"))
	}
	if len(p.Exporters) == 0 {
		errs = append(errs, invalid.Key(path, "has no exporters"))
	}
	errs = append(errs, references(path, "receivers", p.Receivers, c.Receivers)...)
	errs = append(errs, references(path, "processors", p.Processors, c.Processors)...)
	errs = append(errs, references(path, "exporters", p.Exporters, c.Exporters)...)
	return errs
}

// references checks that every ID in a pipeline's list is defined, and once only.
func references[T any](pipeline, list string, ids []ID, defined map[ID]T) []error {
	var errs []error
	for i, id := range ids {
		path := fmt.Sprintf("%s.%s[%d]", pipeline, list, i)
		if _, ok := defined[id]; !ok {
			errs = append(errs, invalid.Key(path, "%q is not defined under %s (there: %s)", id, list, known(defined)))
		}
		if slices.Contains(ids[:i], id) {
			errs = append(errs, invalid.Key(path, "%q is listed twice", id))
		}
	}
	return errs
}

func known[T any](defined map[ID]T) string {
	if len(defined) == 0 {
		return "nothing"
	}
	var names []string
	for _, id := range slices.Sorted(maps.Keys(defined)) {
		names = append(names, string(id))
	}
	return strings.Join(names, ", ")
}

// validateFiles finds two exporters that would write to one file.
func (c *Config) validateFiles() []error {
	var errs []error
	owner := map[string]ID{}
	for _, id := range c.usedExporters() {
		path := locationOf(c.Exporters[id])
		if path == "" {
			continue
		}
		if first, taken := owner[path]; taken {
			errs = append(errs, invalid.Key("exporters."+string(id)+"."+targetKey(c.Exporters[id]), "%s is the file of exporter %s too: each needs one of its own", relative(path), first))
			continue
		}
		owner[path] = id
	}
	return errs
}

// relative returns a path as one from the working directory, if it lies below that.
func relative(path string) string {
	if folder, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(short) {
			return short
		}
	}
	return path
}

// validateSignals finds exporters that have no place for a signal which pipelines bring them.
func (c *Config) validateSignals() []error {
	var errs []error
	for _, id := range c.usedExporters() {
		e, ok := c.Exporters[id].(interface{ Lacks(sig wire.Signal) string })
		if !ok {
			continue
		}
		path := strings.TrimSuffix("exporters."+string(id)+"."+targetKey(c.Exporters[id]), ".")
		for _, sig := range c.signalsOf(id) {
			if problem := e.Lacks(sig); problem != "" {
				errs = append(errs, invalid.Key(path, "%s", problem))
			}
		}
	}
	return errs
}

// usedReceivers returns the receivers that a pipeline names, in order.
func (c *Config) usedReceivers() []ID {
	return c.Named(func(p PipelineConfig) []ID { return p.Receivers })
}

// usedProcessors returns the processors that a pipeline names, in order.
func (c *Config) usedProcessors() []ID {
	return c.Named(func(p PipelineConfig) []ID { return p.Processors })
}

// Named returns what the pipelines name, in order, each once.
func (c *Config) Named(in func(PipelineConfig) []ID) []ID {
	var all []ID
	for _, p := range c.Service.Pipelines {
		all = append(all, in(p)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// usedExporters returns the exporters that a pipeline names, in order.
func (c *Config) usedExporters() []ID {
	return c.Named(func(p PipelineConfig) []ID { return p.Exporters })
}

// Unused returns the paths of components that no pipeline names. They are
// checked like all others, but nothing starts them.
func (c *Config) Unused() []string {
	used := map[string]bool{}
	for _, p := range c.Service.Pipelines {
		for kind, ids := range map[string][]ID{"receivers": p.Receivers, "processors": p.Processors, "exporters": p.Exporters} {
			for _, id := range ids {
				used[kind+"."+string(id)] = true
			}
		}
	}
	var unused []string
	note := func(kind string, id ID) {
		if path := kind + "." + string(id); !used[path] {
			unused = append(unused, path)
		}
	}
	for id := range c.Receivers {
		note("receivers", id)
	}
	for id := range c.Processors {
		note("processors", id)
	}
	for id := range c.Exporters {
		note("exporters", id)
	}
	slices.Sort(unused)
	return unused
}
