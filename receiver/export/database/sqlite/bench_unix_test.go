//go:build unix

package sqlite

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// BenchmarkExport writes batches one after the other. CPU time is the whole process's, and that of making other
// items of a sample is in it: some percent.
func BenchmarkExport(b *testing.B) {
	for _, sig := range []wire.Signal{wire.Traces, wire.Metrics, wire.Logs} {
		for _, n := range []int{100, 1000, 8192} {
			b.Run(fmt.Sprintf("%s-%d", sig, n), func(b *testing.B) { benchmarkExport(b, sample(sig, n)) })
		}
	}
}

func benchmarkExport(b *testing.B, s *encoded) {
	e := open(b, Config{Path: place(b)})
	if err := e.conn.run("PRAGMA synchronous = NORMAL"); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(s.data)))
	before := cpu(b)
	hour := uint64(0)
	for b.Loop() {
		hour++
		if p, err := e.Export(b.Context(), s.another(hour)); err != nil || p.Rejected > 0 {
			b.Fatal(p, err)
		}
	}
	items := float64(b.N * s.items)
	b.ReportMetric(items/b.Elapsed().Seconds(), "items/s")
	b.ReportMetric(items/(cpu(b)-before).Seconds(), "items/cpu-s")
	if at, err := e.conn.size(); err == nil {
		b.ReportMetric(float64(at.used)/items, "B/item")
	}
}

// cpu returns the CPU time that the process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
