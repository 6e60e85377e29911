package term

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	xterm "golang.org/x/term"
)

// redraw replaces the block on the screen by what runs now, and prints what waits above it. It is one
// write that never clears more than it writes anew, so nothing flickers.
func (p *Progress) redraw(now time.Time) {
	lines := p.block(now)
	if p.waiting.Len() == 0 && len(lines) == 0 && len(p.drawn) == 0 {
		return
	}
	var b strings.Builder
	if up := p.out.rowsOf(p.drawn); up > 0 {
		b.WriteString("\r\x1b[" + strconv.Itoa(up) + "A")
	}
	for line := range strings.Lines(p.waiting.String()) {
		b.WriteString(strings.TrimSuffix(line, "\n") + "\x1b[K\n")
	}
	p.waiting.Reset()
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	p.drawn = lines
	_, _ = io.WriteString(p.out, b.String())
}

// block returns the lines of what runs: for each step itself and the last that it said, as many as
// the terminal has room for. If that is not enough, the earliest steps have it.
func (p *Progress) block(now time.Time) []string {
	room := p.out.height() - 1
	var lines []string
	for i, step := range p.steps {
		left := len(p.steps) - i
		if len(lines)+1 >= room && left > 1 {
			return append(lines, p.out.cut(p.out.Paint(Dim, "        and "+strconv.Itoa(left)+" more")))
		}
		shown := step.Step
		shown.Took = now.Sub(step.began)
		lines = append(lines, p.out.cut(p.line(shown)))
		if said := step.log.last(1); len(said) == 1 && len(lines)+left < room {
			lines = append(lines, p.out.cut(p.out.Paint(Dim, strings.Repeat(" ", len("running ")+len("  1.0s ")+2)+said[0])))
		}
	}
	return lines
}

// plainHeight is the height assumed for a terminal that does not tell.
const plainHeight = 24

// height is the number of rows of the terminal now.
func (o *Output) height() int {
	if o.file == nil {
		return plainHeight
	}
	if _, h, err := xterm.GetSize(int(o.file.Fd())); err == nil && h > 1 {
		return h
	}
	return plainHeight
}

// cut returns as much of a line as fits on the terminal, with one column to spare: some terminals
// wrap when the last one is written.
func (o *Output) cut(line string) string {
	return o.render.NewStyle().Inline(true).MaxWidth(max(1, o.Width()-1)).TabWidth(lipgloss.NoTabConversion).Render(line)
}

// rowsOf counts the rows that lines take now. They were cut to the width at their time; if the
// terminal has become narrower since, they have wrapped.
func (o *Output) rowsOf(lines []string) int {
	width, rows := o.Width(), 0
	for _, line := range lines {
		rows += max(1, (lipgloss.Width(line)+width-1)/width)
	}
	return rows
}
