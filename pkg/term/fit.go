package term

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// Width returns how many columns a line of text takes on a terminal, colors left out.
func Width(text string) int { return lipgloss.Width(text) }

// Cut returns a line of plain text in as many columns as it may take at most. What is cut off leaves an ellipsis.
func Cut(text string, columns int) string {
	if Width(text) <= columns {
		return text
	}
	var b strings.Builder
	room := columns - 1 // for the ellipsis
	for _, c := range text {
		if room -= Width(string(c)); room < 0 {
			break
		}
		b.WriteRune(c)
	}
	if columns > 0 {
		b.WriteRune('…')
	}
	return b.String()
}

// Fit returns a line of plain text in exactly so many columns: cut, or with spaces behind it.
func Fit(text string, columns int) string {
	text = Cut(text, columns)
	return text + strings.Repeat(" ", max(0, columns-Width(text)))
}
