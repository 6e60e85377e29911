package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/report"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// results are all that was measured.
type results struct {
	machine report.Machine
	kinds   []measured
}

// measured is what was measured of a kind of database.
type measured struct {
	kind, title string
	fast        map[signal.Signal][]written
	memory      memory // of no length if that was left out
	spans       int    // that queries were asked of; 0 if they were left out
	answers     []answer
}

func (m *measured) add(sig signal.Signal, w written) {
	if m.fast == nil {
		m.fast = map[signal.Signal][]written{}
	}
	m.fast[sig] = append(m.fast[sig], w)
}

// write writes the tables, also to a file if there is one.
func (r results) write(out io.Writer, file string) error {
	var b strings.Builder
	m := r.machine
	fmt.Fprintf(&b, "Machine: %s, %d cores, %s, %s, commit %s.\n", m.CPU, m.Cores, m.Kernel, m.Go, m.Commit)
	for _, k := range r.kinds {
		fmt.Fprintf(&b, "%s.\n", k.title)
	}
	r.fastTable(&b)
	r.memoryTable(&b)
	r.queryTable(&b)
	if file != "" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			return err
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (r results) fastTable(b *strings.Builder) {
	var lines strings.Builder
	var last []written
	for _, k := range r.kinds {
		for _, sig := range signal.All() {
			if runs := k.fast[sig]; len(runs) > 0 {
				fastLine(&lines, k.kind, sig, runs)
				last = runs
			}
		}
	}
	if last == nil {
		return
	}
	fmt.Fprintf(b, "\nMedian of %d rounds of %d items, %d in a request, %d requests in flight, 8 batches in the queue.\n\n", len(last), last[0].items, ofRequest, workers)
	b.WriteString("| database | signal | items per CPU-s (min–max) | rows a second (min–max) | peak RSS MB | bytes a row |\n|---|---|--:|--:|--:|--:|\n")
	b.WriteString(lines.String())
}

func fastLine(b *strings.Builder, kind string, sig signal.Signal, runs []written) {
	cpu, wall := over(runs, written.perCPU), over(runs, written.perSecond)
	peak := over(runs, func(w written) float64 { return megabytes(w.peak) })
	size := over(runs, func(w written) float64 { return w.size })
	fmt.Fprintf(b, "| %s | %s | **%s** (%s–%s) | **%s** (%s–%s) | %.1f | %.0f |\n", kind, sig,
		report.Thousands(cpu.Median), report.Thousands(cpu.Min), report.Thousands(cpu.Max),
		report.Thousands(wall.Median), report.Thousands(wall.Min), report.Thousands(wall.Max), peak.Median, size.Median)
}

func over(runs []written, value func(written) float64) report.Spread {
	values := make([]float64, len(runs))
	for i, w := range runs {
		values[i] = value(w)
	}
	return report.SpreadOf(values)
}

func (r results) memoryTable(b *strings.Builder) {
	header := "\n| database | spans a second | for | CPU | RSS MB, first | median | last | most |\n|---|--:|--:|--:|--:|--:|--:|--:|\n"
	for _, k := range r.kinds {
		m := k.memory
		if m.length == 0 {
			continue
		}
		fmt.Fprintf(b, "%s| %s | %s | %s | %.0fm | %.1f | %.1f | %.1f | %.1f |\n", header, k.kind, report.Thousands(float64(m.rate)),
			m.length.Round(time.Second), m.cpu*1000, megabytes(m.first), megabytes(m.median), megabytes(m.last), megabytes(m.most))
		header = ""
	}
}

func (r results) queryTable(b *strings.Builder) {
	var asked []measured
	for _, k := range r.kinds {
		if len(k.answers) > 0 {
			asked = append(asked, k)
		}
	}
	if len(asked) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s spans of %s, and a tenth of data points and log records each; PostgreSQL after VACUUM (ANALYZE). Median of %d times, milliseconds of the whole command.\n\n| otlpctl |",
		report.Thousands(float64(asked[0].spans)), past, repeats)
	for _, k := range asked {
		fmt.Fprintf(b, " %s (min–max) | lines |", k.kind)
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|--:|", len(asked)) + "\n")
	for i, first := range asked[0].answers {
		fmt.Fprintf(b, "| `%s` |", first.question)
		for _, k := range asked {
			a := k.answers[i]
			fmt.Fprintf(b, " **%.0f** (%.0f–%.0f) | %d |", a.took.Median*1000, a.took.Min*1000, a.took.Max*1000, a.lines)
		}
		b.WriteByte('\n')
	}
}

func megabytes(n int64) float64 { return float64(n) / (1 << 20) }
