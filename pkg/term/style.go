package term

import "github.com/charmbracelet/lipgloss"

// Style says what a piece of text means. How that looks is decided here alone.
type Style uint8

// The styles, from the verdicts to mere emphasis.
const (
	OK Style = iota
	Warn
	Error
	Hint
	Bold
	Dim
)

// The terminal's own palette.
const (
	red    = lipgloss.Color("1")
	green  = lipgloss.Color("2")
	yellow = lipgloss.Color("3")
	cyan   = lipgloss.Color("6")
)

// IsColored says whether Paint adds color.
func (o *Output) IsColored() bool { return o.color }

// Paint returns one line of text in the style, or as it is when the stream is not colored.
func (o *Output) Paint(s Style, text string) string {
	if !o.color {
		return text
	}
	look := o.render.NewStyle().Inline(true).TabWidth(lipgloss.NoTabConversion)
	switch s {
	case OK:
		look = look.Foreground(green)
	case Warn:
		look = look.Foreground(yellow)
	case Error:
		look = look.Foreground(red).Bold(true)
	case Hint:
		look = look.Foreground(cyan)
	case Bold:
		look = look.Bold(true)
	case Dim:
		look = look.Faint(true)
	}
	return look.Render(text)
}
