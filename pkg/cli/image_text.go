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

// table writes aligned rows. The last cell of a row is cut at the edge of a terminal.
func (p *sheet) table(rows [][]string) {
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
	for _, row := range rows {
		p.WriteString(p.row(row, widths) + "\n")
	}
}

func (p *sheet) row(cells []string, widths []int) string {
	const margin = "  "
	line := ""
	for i, cell := range cells {
		line += margin + cell
		if i < len(cells)-1 {
			line += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		}
	}
	line = strings.TrimRight(line, " ")
	if width := p.out.Width(); p.out.IsTerminal() && utf8.RuneCountInString(line) > width {
		line = string([]rune(line)[:width-1]) + "…"
	}
	return line
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
