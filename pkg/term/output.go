package term

import (
	"io"
	"os"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
	xterm "golang.org/x/term"
)

// plainWidth is the width assumed for a stream that is not a terminal.
const plainWidth = 80

// Output is a stream for text. Bytes written to it pass through unchanged; only Paint adds color.
type Output struct {
	io.Writer

	file   *os.File // nil unless the stream is a terminal
	auto   bool     // color when nobody asked for or against it
	color  bool
	moves  bool // the cursor can be told where to go
	render *lipgloss.Renderer
}

// newOutput wraps w. The renderer belongs to this stream alone: the styling library's own default
// is process-wide and follows standard output, whichever stream is written to.
func newOutput(w io.Writer, env func(string) string) *Output {
	o := &Output{Writer: w}
	if f, ok := w.(*os.File); ok && xterm.IsTerminal(int(f.Fd())) {
		o.file = f
		o.moves = obeys(f, env)
		o.auto = o.moves && env("NO_COLOR") == ""
	}
	// Sixteen colors, whatever the terminal can do: they follow its user's theme.
	o.render = lipgloss.NewRenderer(w)
	o.render.SetColorProfile(termenv.ANSI)
	o.setColor(ColorAuto)
	return o
}

// obeys says whether a terminal takes escape sequences.
func obeys(f *os.File, env func(string) string) bool {
	if env("TERM") == "dumb" {
		return false
	}
	// A no-op but on Windows, where a console must be told to read escape sequences. It stays told:
	// the mode belongs to the console and harms no later program.
	_, err := termenv.EnableVirtualTerminalProcessing(termenv.NewOutput(f))
	return err == nil
}

// IsTerminal says whether a person is likely to be looking at this very stream.
func (o *Output) IsTerminal() bool { return o.file != nil }

// Width is the number of columns of the terminal now, or 80 if there is none.
func (o *Output) Width() int {
	if o.file == nil {
		return plainWidth
	}
	if w, _, err := xterm.GetSize(int(o.file.Fd())); err == nil && w > 0 {
		return w
	}
	return plainWidth
}

func (o *Output) setColor(c Color) {
	o.color = c == ColorAlways || c == ColorAuto && o.auto
}
