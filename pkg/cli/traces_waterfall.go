package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/store/waterfall"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// waterfallPage draws a trace: on each line a span with its place in the tree, its duration, and when it was.
type waterfallPage struct {
	out    *term.Output
	tree   *waterfall.Tree
	colors palette
	b      strings.Builder

	width, label, bar int // columns of the page, of the tree and of the time
}

// The columns of durations, and how wide the tree may be.
const (
	waterfallDuration = 7
	waterfallTreeMin  = 16
	waterfallTreeMax  = 64
	waterfallBarMin   = 8
)

func showWaterfall(out *term.Output, spans []*row.Span, limit int, now time.Time) error {
	p := waterfallPage{out: out, tree: waterfall.New(spans), colors: newPalette(out), width: out.Width()}
	p.draw(limit, now)
	_, err := out.Write([]byte(p.b.String()))
	return err
}

func (p *waterfallPage) draw(limit int, now time.Time) {
	lines := p.tree.Lines(limit)
	p.measure(lines)
	p.heading(now)
	p.axis()
	for _, line := range lines {
		if line.Node == nil {
			p.hidden(line)
			continue
		}
		p.span(line)
		p.details(line)
	}
}

// measure gives the tree as much room as it needs, and the bars what is left: half of the width at least.
func (p *waterfallPage) measure(lines []waterfall.Line) {
	for _, line := range lines {
		if line.Node != nil {
			p.label = max(p.label, 2*len(line.Guides)+term.Width(oneLine(p.out, spanTitle(line.Node))))
		}
	}
	const gaps = 2
	p.label = max(min(p.label, p.width/2-waterfallDuration/2, waterfallTreeMax), waterfallTreeMin)
	p.bar = max(p.width-p.label-waterfallDuration-gaps, waterfallBarMin)
}

func spanTitle(n *waterfall.Node) string {
	title := string(n.Span.Service) + " " + string(n.Span.Name)
	if n.Failed() {
		title = "✗ " + title
	}
	if n.Orphan {
		title = "… " + title
	}
	return title
}

// heading says what the trace is as a whole.
func (p *waterfallPage) heading(now time.Time) {
	if len(p.tree.Roots) == 0 {
		return
	}
	root := p.tree.Roots[0].Span
	errors, services := p.tree.Count()
	p.line(p.out.Paint(term.Bold, "trace "+fmt.Sprintf("%x", root.TraceID)))
	start := momentFull(uint64(p.tree.Start))
	if p.out.IsTerminal() {
		start = momentText(uint64(p.tree.Start), now)
	}
	begin := start + ", " + spanTime(time.Duration(p.tree.End-p.tree.Start))
	facts := counted(p.tree.Spans, "span") + ", " + counted(services, "service")
	if errors > 0 {
		facts += ", " + p.out.Paint(term.Error, counted(errors, "error"))
	}
	if whole := begin + ": " + facts; term.Width(whole) <= p.width {
		p.line(whole)
	} else {
		p.line(begin)
		p.line(facts)
	}
	var shares []string
	for _, s := range p.tree.Shares() {
		shares = append(shares, oneLine(p.out, s.Service)+" "+spanTime(time.Duration(s.Nanos)))
	}
	if len(shares) > 0 {
		p.line(term.Cut("critical path █ "+strings.Join(shares, ", "), p.width))
	}
	p.line("")
}

func (p *waterfallPage) line(text string) { p.b.WriteString(strings.TrimRight(text, " ") + "\n") }

// axis says which time the ends and the middle of the bars are.
func (p *waterfallPage) axis() {
	total := time.Duration(p.tree.End - p.tree.Start)
	end, middle := spanTime(total), spanTime(total/2)
	const half = 2
	text := "0"
	if at := p.bar / half; at > len(text) && at+term.Width(middle)+1+term.Width(end) < p.bar {
		text = term.Fit(text, at) + middle
	}
	if rest := p.bar - term.Width(text) - term.Width(end); rest > 0 {
		text += strings.Repeat(" ", rest) + end
	}
	p.line(p.out.Paint(term.Dim, strings.Repeat(" ", p.label+waterfallDuration+2)+text))
}

// span draws the line of a span.
func (p *waterfallPage) span(line waterfall.Line) {
	n := line.Node
	guides := p.guides(line.Guides, true)
	title := term.Fit(oneLine(p.out, spanTitle(n)), p.label-term.Width(guides))
	service := string(n.Span.Service)
	paint := func(text string) string { return p.colors.paint(service, text) }
	if n.Failed() {
		paint = painted(p.out, term.Error)
	}
	duration := spanTime(time.Duration(n.End - n.Start))
	p.line(p.out.Paint(term.Dim, guides) + paint(title) + " " +
		strings.Repeat(" ", max(0, waterfallDuration-term.Width(duration))) + duration + " " + paint(p.drawBar(n)))
}

// guides draws the branches before a line: with one to it, or past it.
func (p *waterfallPage) guides(more []bool, branch bool) string {
	if len(p.tree.Roots) == 1 {
		more = more[1:] // there is nothing beside the root
	}
	most := max(1, p.label/4)
	cut := len(more) > most
	if cut {
		more = more[len(more)-most+1:]
	}
	var b strings.Builder
	if cut {
		b.WriteString("… ")
	}
	for i, m := range more {
		switch last := i == len(more)-1; {
		case last && branch && m:
			b.WriteString("├ ")
		case last && branch:
			b.WriteString("└ ")
		case m:
			b.WriteString("│ ")
		default:
			b.WriteString("  ")
		}
	}
	return b.String()
}

// drawBar draws when a span was, and when the critical path was in it.
func (p *waterfallPage) drawBar(n *waterfall.Node) string {
	from, to := p.columns(n.Start, n.End)
	cells := []rune(strings.Repeat(" ", from) + strings.Repeat("░", to-from))
	for _, i := range n.Critical {
		from, to := p.columns(i.Start, i.End)
		for at := min(from, len(cells)-1); at < min(to, len(cells)); at++ {
			cells[at] = '█'
		}
	}
	return string(cells)
}

// columns returns the columns that a time takes: one at least.
func (p *waterfallPage) columns(start, end int64) (from, to int) {
	total := float64(max(1, p.tree.End-p.tree.Start))
	from = min(int(float64(start-p.tree.Start)/total*float64(p.bar)), p.bar-1)
	to = int(float64(end-p.tree.Start)/total*float64(p.bar) + 0.5)
	return from, min(max(to, from+1), p.bar)
}

// hidden says how many spans are left out.
func (p *waterfallPage) hidden(line waterfall.Line) {
	text := "… " + counted(line.Hidden, "more span")
	if line.HiddenErrors > 0 {
		text += ", of which " + p.out.Paint(term.Error, fmt.Sprintf("%d failed", line.HiddenErrors))
	}
	p.line(p.out.Paint(term.Dim, p.guides(line.Guides, true)) + text)
}
