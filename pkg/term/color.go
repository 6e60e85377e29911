package term

import "fmt"

// Color is the value of the --color flag.
type Color string

// The choices. ColorAuto colors a terminal unless NO_COLOR is set or TERM is "dumb"; the other
// two are obeyed whatever the stream and the environment.
const (
	ColorAuto   Color = "auto"
	ColorAlways Color = "always"
	ColorNever  Color = "never"
)

// ColorFlag is a flag value that takes effect on its streams as soon as it is read, so that help
// and the error for a later flag obey it too.
type ColorFlag struct {
	streams Streams
	color   Color
}

// ColorFlag returns a flag for s, set to ColorAuto.
func (s Streams) ColorFlag() *ColorFlag {
	return &ColorFlag{streams: s, color: ColorAuto}
}

// String returns the choice in force.
func (f *ColorFlag) String() string { return string(f.color) }

// Type names the value in help texts.
func (f *ColorFlag) Type() string { return "when" }

// Set applies one of auto, always and never.
func (f *ColorFlag) Set(text string) error {
	switch c := Color(text); c {
	case ColorAuto, ColorAlways, ColorNever:
		f.color = c
		f.streams.Out.setColor(c)
		f.streams.Err.setColor(c)
		return nil
	default:
		return fmt.Errorf("want auto, always or never")
	}
}
