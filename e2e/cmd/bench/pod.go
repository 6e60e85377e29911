package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/measure"
	"github.com/otlpctl/otlpctl/e2e/bench/report"
	"github.com/otlpctl/otlpctl/e2e/harness/cgroups"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// What a pod has, and what its autoscaler aims at, by the defaults of the section deploy.
const (
	podCPU          = 1
	podMemory       = 512 << 20
	podMemoryLimit  = "GOMEMLIMIT=460MiB"
	autoscaleCPU    = 0.7 * 0.5
	autoscaleMemory = 256 << 20 * 8 / 10
	podRows         = "^(traces/grpc/100/(plain|gzip)|traces/grpc/3/plain|traces/json/100/plain|logs/grpc/100/plain)$"
)

// pod measures the memory of otlpctl in the room of its pod, at the CPU that the autoscaler aims at.
func pod(ctx context.Context, s streams, o options) error {
	pattern := o.run
	if pattern == "" {
		pattern = podRows
	}
	rows, err := measure.Select(measure.Matrix(), pattern, o.full)
	if err != nil {
		return err
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
	path, err := programs.Otlpctl(ctx, dir)
	if err != nil {
		return err
	}
	system := measure.System{
		Name: "otlpctl", Path: path, Args: []string{"serve", "--config"}, Admin: true,
		Env: []string{podMemoryLimit}, Group: fmt.Sprintf("/otlpctl-bench-%d", os.Getpid()),
	}
	b := measure.Bench{Worker: self, Dir: dir, Connections: o.connections, Workers: o.workers, Log: s.err}
	var found []measure.Pod
	for _, row := range rows {
		p, err := b.Pod(ctx, system, row, cgroups.Limits{CPU: podCPU, Memory: podMemory}, autoscaleCPU, time.Duration(float64(time.Minute)*o.scale))
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(s.err, "%-24s %5d requests/s  %.2f CPU  RSS %d MB, peak %d MB\n", p.Row, p.Rate, p.CPU, p.RSS>>20, p.Peak>>20)
		found = append(found, p)
	}
	return podTable(s.out, found, report.ThisMachine(ctx))
}

func podTable(out io.Writer, found []measure.Pod, m report.Machine) error {
	_, err := fmt.Fprintf(out, "Machine: %s, %d cores, %s, %s, commit %s. The autoscaler aims at %.0fm and %.0f MiB.\n\n"+
		"| signal/transport/items/compression | items a second | CPU | RSS MiB | peak RSS MiB | working set MiB | most MiB | p99 ms |\n"+
		"|---|--:|--:|--:|--:|--:|--:|--:|\n", m.CPU, m.Cores, m.Kernel, m.Go, m.Commit, autoscaleCPU*1000, float64(autoscaleMemory)/(1<<20))
	for _, p := range found {
		if err == nil {
			_, err = fmt.Fprintf(out, "| %s | %d k | %.0fm | %d | %d | %d | %d | %.1f |\n", p.Row, p.Items/1000, p.CPU*1000,
				p.RSS>>20, p.Peak>>20, p.WorkingSet>>20, p.MostSet>>20, float64(p.P99)/float64(time.Millisecond))
		}
	}
	return err
}
