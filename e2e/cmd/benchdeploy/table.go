package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/bench/report"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// table returns the medians as Markdown. Requests are those of the round with the median time.
func (r results) table(all []tool, version string, m report.Machine, rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Machine: %s, %d cores, %s, %s, commit %s. Kubernetes and kubectl %s, Helm %s.\nMedian of %d rounds, in turns.\n\n",
		m.CPU, m.Cores, m.Kernel, m.Go, m.Commit, version, strings.TrimPrefix(programs.HelmVersion, "v"), rounds)
	b.WriteString("| | | seconds (min–max) | reads | dry runs and questions | writes |\n|---|---|--:|--:|--:|--:|\n")
	for do := range steps {
		for i, t := range all {
			runs := r[i][do]
			slices.SortFunc(runs, func(a, b taken) int { return int(a.wall - b.wall) })
			mid := runs[len(runs)/2]
			fmt.Fprintf(&b, "| %s | %s | **%s** (%s–%s) | %d | %d | %d |\n", do, t.name, seconds(mid.wall),
				seconds(runs[0].wall), seconds(runs[len(runs)-1].wall), mid.requests.Reads, mid.requests.Questions, mid.requests.Writes)
		}
	}
	return b.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }
