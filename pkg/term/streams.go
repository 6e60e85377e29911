// Package term owns the three standard streams: whether each one is a terminal, how wide it is,
// and whether text on it is colored. It refuses to decide what is printed, and it is the only
// package that knows the styling library.
package term

import (
	"io"
	"os"

	xterm "golang.org/x/term"
)

// Streams is what a command reads from and writes to. Results go to Out, everything else to Err.
type Streams struct {
	In  io.Reader
	Out *Output
	Err *Output
}

// System returns the streams of this process.
func System() Streams {
	return Streams{
		In:  os.Stdin,
		Out: newOutput(os.Stdout, os.Getenv),
		Err: newOutput(os.Stderr, os.Getenv),
	}
}

// Plain returns streams over readers and writers that are not terminals.
func Plain(in io.Reader, out, err io.Writer) Streams {
	return Streams{In: in, Out: newOutput(out, os.Getenv), Err: newOutput(err, os.Getenv)}
}

// HungUp says whether the terminal that the process was started on has been closed.
func (s Streams) HungUp() bool {
	for _, o := range []*Output{s.Err, s.Out} {
		if o.file != nil && !xterm.IsTerminal(int(o.file.Fd())) {
			return true
		}
	}
	return false
}
