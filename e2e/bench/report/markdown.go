package report

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Markdown writes the report as tables.
func (r Report) Markdown(w io.Writer) error {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "Machine: %s, %d cores, %s, %s. %s against %s", m.CPU, m.Cores, m.Kernel, m.Go, r.Subject, r.Peer)
	if m.Commit != "" {
		fmt.Fprintf(&b, ", commit %s", m.Commit)
	}
	fmt.Fprintf(&b, ".\nMedian of %d rounds, alternating; %s.\n\n", r.Rounds, r.Setup)

	fmt.Fprintf(&b, "| signal/transport/items/compression | %s items per CPU-s | %s items per CPU-s | CPU ratio (min–max) |"+
		" %s p50/p99 ms | %s p50/p99 ms | %s peak RSS MB | %s peak RSS MB | RSS ratio |\n",
		r.Peer, r.Subject, r.Peer, r.Subject, r.Peer, r.Subject)
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | **%.2f** (%.2f–%.2f) | %s | %s | %s | %s | %.2f |\n", row.Name,
			Thousands(row.Peer.ItemsPerCPU), Thousands(row.Subject.ItemsPerCPU),
			row.Ratio.Median, row.Ratio.Min, row.Ratio.Max,
			latency(row.Peer), latency(row.Subject),
			megabytes(row.Peer.PeakRSS), megabytes(row.Subject.PeakRSS), row.RSSRatio.Median)
	}
	if len(r.Rows) > 0 {
		first := r.Rows[0]
		fmt.Fprintf(&b, "\n| | %s | %s |\n|---|--:|--:|\n", r.Peer, r.Subject)
		fmt.Fprintf(&b, "| start to open ports, ms | %s | %s |\n", milliseconds(first.Peer.Start), milliseconds(first.Subject.Start))
		fmt.Fprintf(&b, "| RSS before the first request, MB | %s | %s |\n", megabytes(first.Peer.IdleRSS), megabytes(first.Subject.IdleRSS))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Thousands returns a number of things for people, such as 173 k.
func Thousands(v float64) string {
	if v >= 1e6 {
		return fmt.Sprintf("%.2f M", v/1e6)
	}
	return fmt.Sprintf("%.0f k", v/1e3)
}

func latency(f Figures) string { return milliseconds(f.P50) + " / " + milliseconds(f.P99) }

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/(1<<20)) }
