package term

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// Distinct returns one line of text in the color with a number, or as it is when the stream is not
// colored. Numbers near each other have colors that are easy to tell apart; none means anything.
func (o *Output) Distinct(n int, text string) string {
	if !o.color {
		return text
	}
	// Red is for what is wrong, and black and white may be the background.
	colors := []lipgloss.Color{"6", "3", "5", "2", "4", "14", "11", "13", "10", "12"}
	return o.render.NewStyle().Inline(true).TabWidth(lipgloss.NoTabConversion).Foreground(colors[n%len(colors)]).Render(text)
}

// Printable returns foreign text, of one line or several, as the stream should have it: on a terminal without
// what would command it, elsewhere byte for byte.
func (o *Output) Printable(text string) string {
	if !o.IsTerminal() {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printableLine(line)
	}
	return strings.Join(lines, "\n")
}
