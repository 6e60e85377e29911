// Package debug is an exporter that prints telemetry for people to read. It reads
// what it prints from the encoded requests, and nothing of them reaches the
// output unescaped: telemetry comes from strangers, and terminals obey control
// characters. The format may change between versions; file writes one that does not.
package debug

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/outfile"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Streams are the standard streams of the process.
type Streams struct{ Out, Err io.Writer }

// Exporter prints batches. It implements pipeline.Exporter.
type Exporter struct {
	out     output
	zone    *time.Location // of times of day
	print   func(*printer, *pipeline.Batch)
	initial int
	every   int

	mu      sync.Mutex // guards what follows
	printer printer
	samples [4]sampler // by signal
}

// New returns an exporter that prints to where the configuration says, and opens
// the files among those outputs. log is used if the configuration asks for it.
func New(c Config, std Streams, log *slog.Logger) (*Exporter, error) {
	e, err := prepare(c)
	if err != nil {
		return nil, err
	}
	if c.UseInternalLogger {
		e.out.writers = []io.Writer{logWriter{log}}
		return e, nil
	}
	return e, e.out.open(c.OutputPaths, std)
}

// Check returns why New would fail, without creating a file.
func (c *Config) Check() error {
	if _, err := prepare(*c); err != nil || c.UseInternalLogger {
		return err
	}
	return outfile.CheckAll(c.OutputPaths)
}

// Check returns why New would fail, without creating a file.
func (c *LoggingConfig) Check() error {
	d := c.Debug()
	return d.Check()
}

// prepare returns an exporter without its outputs.
func prepare(c Config) (*Exporter, error) {
	e := &Exporter{zone: time.Local, initial: c.SamplingInitial, every: c.SamplingThereafter}
	switch c.Verbosity {
	case Basic:
		e.print = (*printer).basic
	case Normal:
		e.print = (*printer).normal
	case Detailed:
		e.print = (*printer).detailed
	default:
		return nil, fmt.Errorf("%q is no verbosity: one of basic, normal, detailed", c.Verbosity)
	}
	return e, nil
}

// Export prints the batch, unless sampling leaves it out. An error is final: part
// of the batch may have been printed.
func (e *Exporter) Export(_ context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if !e.samples[b.Signal].take(now, e.initial, e.every) {
		return pipeline.Partial{}, nil
	}
	e.printer.page = page{buf: e.printer.buf[:0], w: &e.out}
	e.printer.now, e.printer.zone = now, e.zone
	e.print(&e.printer, b)
	e.printer.flush()
	if err := e.printer.err; err != nil {
		return pipeline.Partial{}, fmt.Errorf("print %s: %w", b.Signal, err)
	}
	return pipeline.Partial{}, nil
}

// Close closes the files among the outputs.
func (e *Exporter) Close(context.Context) error { return e.out.close() }

// printer renders one batch after another. The widths of its columns stay from
// one to the next, so that lines align.
type printer struct {
	page
	now    time.Time
	zone   *time.Location
	widths [numColumns]int
}
