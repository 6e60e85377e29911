package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/otlpctl/otlpctl/e2e/bench/report"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// runner is what all measurements work with.
type runner struct {
	self, otlpctl string // programs
	dir           string
	profile       string
	messages      io.Writer
}

// say tells how far it is.
func (r *runner) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.messages, format+"\n", args...)
}

// bench measures every kind of database that is asked for, and prints the tables.
func bench(ctx context.Context, s streams, o options) (err error) {
	dir, err := os.MkdirTemp("", "otlpctl-benchdatabase-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &runner{dir: dir, profile: o.profile, messages: s.err}
	if r.profile != "" {
		if err := os.MkdirAll(r.profile, 0o755); err != nil {
			return err
		}
	}
	if r.self, err = os.Executable(); err != nil {
		return err
	}
	r.say("building …")
	if r.otlpctl, err = programs.Otlpctl(ctx, dir); err != nil {
		return err
	}
	result := results{machine: report.ThisMachine(ctx)}
	for _, kind := range []string{postgresKind, sqliteKind} {
		if !o.wants(kind) {
			continue
		}
		one, err := r.measure(ctx, kind, o)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		result.kinds = append(result.kinds, one)
	}
	return result.write(s.out, o.markdown)
}

// open starts what makes databases of a kind.
func (r *runner) open(ctx context.Context, kind string) (engine, error) {
	if kind == sqliteKind {
		return &sqliteFolder{dir: r.dir}, nil
	}
	return startPostgres(ctx)
}

// measure does all that is asked for with a kind of database.
func (r *runner) measure(ctx context.Context, kind string, o options) (found measured, err error) {
	e, err := r.open(ctx, kind)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, e.close(ctx)) }()
	if found.title, err = e.title(ctx); err != nil {
		return found, err
	}
	found.kind = e.kind()
	for round := range o.rounds {
		for _, sig := range o.signals {
			w, err := r.fast(ctx, e, sig, o.items)
			if err != nil {
				return found, fmt.Errorf("round %d: %w", round+1, err)
			}
			r.say("%-9s %-8s %7.0f items per CPU-s  %7.0f rows/s  peak %d MB  %.0f bytes a row",
				kind, sig, w.perCPU(), w.perSecond(), w.peak>>20, w.size)
			found.add(sig, w)
		}
	}
	if o.steady > 0 {
		if found.memory, err = r.steady(ctx, e, o.rate, o.steady); err != nil {
			return found, fmt.Errorf("steady: %w", err)
		}
		m := found.memory
		r.say("%-9s %d spans/s for %s: RSS %d, %d, %d MB", kind, m.rate, m.length, m.first>>20, m.median>>20, m.last>>20)
	}
	if o.spans > 0 {
		r.say("%-9s %d spans:", kind, o.spans)
		if found.answers, err = r.ask(ctx, e, o.spans); err != nil {
			return found, fmt.Errorf("queries: %w", err)
		}
		found.spans = o.spans
	}
	return found, nil
}
