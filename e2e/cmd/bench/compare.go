package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/measure"
	"github.com/otlpctl/otlpctl/e2e/bench/report"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// compare builds both systems, lets them take turns for every selected row, and prints the tables.
func compare(ctx context.Context, s streams, o options) error {
	rows, err := measure.Select(measure.Matrix(), o.run, o.full)
	if err != nil {
		return err
	}
	if o.list {
		for _, row := range rows {
			if _, err := fmt.Fprintln(s.out, row.Name); err != nil {
				return err
			}
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "otlpctl-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(s.err, "building …")
	peer, subject, err := systems(ctx, o.subject, dir)
	if err != nil {
		return err
	}
	b := measure.Bench{Worker: self, Dir: dir, Connections: o.connections, Workers: o.workers, Scale: o.scale, Log: s.err}
	b.ServerCPUs, b.LoadCPUs, _ = strings.Cut(o.pin, ":")
	result := report.Report{
		Machine: report.ThisMachine(ctx), Peer: peer.Name, Subject: subject.Name, Rounds: o.rounds, Setup: setup(o),
	}
	for _, row := range rows {
		compared, err := takeTurns(ctx, b, []measure.System{peer, subject}, row, o.rounds)
		if err != nil {
			return err
		}
		result.Rows = append(result.Rows, compared)
	}
	return write(s.out, result, o)
}

// systems returns the yardstick and what is compared with it.
func systems(ctx context.Context, subject, dir string) (peer, sub measure.System, err error) {
	collector, err := programs.Collector(ctx)
	if err != nil {
		return peer, sub, err
	}
	peer = measure.System{Name: "collector", Path: collector, Args: []string{"--config"}}
	switch subject {
	case "collector":
		sub = peer
		sub.Name = "collector-again"
		return peer, sub, nil
	case "otlpctl":
		subject, err = programs.Otlpctl(ctx, dir)
	}
	sub = measure.System{Name: "otlpctl", Path: subject, Args: []string{"serve", "--config"}, Admin: true}
	return peer, sub, err
}

// takeTurns runs the two systems in alternating order, so that a drift of the machine hits both alike.
func takeTurns(ctx context.Context, b measure.Bench, two []measure.System, row measure.Row, rounds int) (report.Row, error) {
	runs := make([][]measure.Run, len(two))
	for round := range rounds {
		for turn := range two {
			i := (round + turn) % len(two)
			r, err := b.Run(ctx, two[i], row)
			if err != nil {
				return report.Row{}, err
			}
			_, _ = fmt.Fprintf(b.Log, "%-32s %-16s %7d ns/item  p99 %s  peak %d MB\n",
				row.Name, r.System, r.CPUPerItem().Nanoseconds(), r.P99.Round(10*time.Microsecond), r.PeakRSS>>20)
			runs[i] = append(runs[i], r)
		}
	}
	return report.Compare(row.Name, runs[0], runs[1]), nil
}

func setup(o options) string {
	text := fmt.Sprintf("%d requests in flight over %d gRPC connections or as many HTTP/1.1 ones", o.workers, o.connections)
	if o.pin != "" {
		text += "; pinned " + o.pin
	}
	return text
}

func write(out io.Writer, result report.Report, o options) error {
	if err := result.Markdown(out); err != nil {
		return err
	}
	if o.markdown != "" {
		f, err := os.Create(o.markdown)
		if err != nil {
			return err
		}
		if err := result.Markdown(f); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	if o.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(text, '\n'), 0o644)
}
