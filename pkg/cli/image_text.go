package cli

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// sheet is a report of several tables for people. It is aligned in a pipe too: what reads it there is a
// log, which people read; programs take -o json.
type sheet struct {
	strings.Builder
	out *term.Output
}

// title begins a part of the report.
func (p *sheet) title(text string) { p.WriteString("\n" + p.out.Paint(term.Bold, text) + "\n") }

// table writes aligned rows.
func (p *sheet) table(rows [][]string) {
	for _, line := range aligned(rows) {
		p.WriteString(line + "\n")
	}
}

// cutTable writes aligned rows, cut at the edge of a terminal: what is there is of any length, and nobody
// copies it.
func (p *sheet) cutTable(rows [][]string) {
	width := p.out.Width()
	for _, line := range aligned(rows) {
		if p.out.IsTerminal() && utf8.RuneCountInString(line) > width {
			line = string([]rune(line)[:max(0, width-1)]) + "…"
		}
		p.WriteString(line + "\n")
	}
}

// aligned returns rows as lines whose columns are as wide as their widest cell.
func aligned(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			row[i] = printable(cell)
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		for j, cell := range row {
			lines[i] += "  " + cell
			if j < len(row)-1 {
				lines[i] += strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			}
		}
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// printable makes one line of a text that others wrote, and takes from it what would command a terminal.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) {
			return ' '
		}
		return c
	}, text)
}
