package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/measure"
	"github.com/otlpctl/otlpctl/e2e/bench/report"
)

func TestCompare(t *testing.T) {
	run := func(cpu time.Duration, rss int64) measure.Run {
		return measure.Run{Requests: 10, Items: 1000, CPU: cpu, Wall: time.Second, P50: time.Millisecond, P99: 2 * time.Millisecond, PeakRSS: rss}
	}
	row := report.Compare("row",
		[]measure.Run{run(6*time.Millisecond, 60<<20), run(8*time.Millisecond, 60<<20), run(5*time.Millisecond, 60<<20)},
		[]measure.Run{run(2*time.Millisecond, 20<<20), run(2*time.Millisecond, 20<<20), run(1*time.Millisecond, 30<<20)})
	if want := (report.Spread{Median: 4, Min: 3, Max: 5}); row.Ratio != want {
		t.Errorf("ratio %+v, want %+v", row.Ratio, want)
	}
	if row.Peer.CPUPerItem != 6*time.Microsecond || row.Subject.ItemsPerCPU != 500_000 || row.RSSRatio.Median != 3 {
		t.Errorf("figures %+v %+v, RSS %+v", row.Peer, row.Subject, row.RSSRatio)
	}
	var text strings.Builder
	if err := (report.Report{Peer: "p", Subject: "s", Rounds: 3, Rows: []report.Row{row}}).Markdown(&text); err != nil {
		t.Fatal(err)
	}
	const line = "| row | 167 k | 500 k | **4.00** (3.00–5.00) | 1.0 / 2.0 | 1.0 / 2.0 | 60.0 | 20.0 | 3.00 |"
	if !strings.Contains(text.String(), line) {
		t.Errorf("no line %q in\n%s", line, text.String())
	}
}
