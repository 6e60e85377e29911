package cli

import (
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/gate"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// letGoTime bounds the request that lets a paused rollout go on.
const letGoTime = 10 * time.Second

// gateProgress shows the windows of a gate, one after the other.
type gateProgress struct {
	out     *term.Output
	windows int
	now     *term.Progress // nil between two windows
}

func (g *gateProgress) show(s gate.Step) {
	if g.now == nil {
		g.now = term.NewProgress(g.out)
		g.windows++
	}
	step := term.Step{ID: strconv.Itoa(g.windows), Text: s.Text, Took: s.Took}
	switch s.Verdict {
	case gate.Passed:
		step.State = term.StepDone
	case gate.Failed:
		step.State = term.StepFailed
	}
	g.now.Update(step)
	if s.Verdict != "" {
		g.now.Close()
		g.now = nil
	}
}

func (g *gateProgress) note(text string) {
	text = g.out.Paint(term.Warn, "warning:") + " " + g.out.Printable(text)
	if g.now != nil {
		g.now.Note(text)
		return
	}
	_, _ = fmt.Fprintln(g.out, text)
}

// showCounters shows what the worst of the new pods has counted.
func showCounters(out *term.Output, counters []gate.Counter) {
	_, _ = fmt.Fprintln(out, "what the new pods have counted, the worst of each:")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range counters {
		value, bound, old := c.Figures()
		_, _ = fmt.Fprintf(w, "  %s\t%s\tbound %s\told pods %s\n", c.Title(), value, bound, old)
	}
	_ = w.Flush()
}
