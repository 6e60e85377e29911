package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	xterm "golang.org/x/term"
)

// terminal returns the standard input if a person sits at it.
func (s Streams) terminal() (*os.File, bool) {
	f, ok := s.In.(*os.File)
	return f, ok && xterm.IsTerminal(int(f.Fd()))
}

// Asks reports whether there is somebody to answer a question.
func (s Streams) Asks() bool {
	_, ok := s.terminal()
	return ok && s.Err.IsTerminal()
}

// Secret asks for one line that does not appear on the terminal.
func (s Streams) Secret(ctx context.Context, question string) (string, error) {
	in, ok := s.terminal()
	if !ok {
		return "", errors.New("standard input is not a terminal")
	}
	fd := int(in.Fd()) // asked for once: the reading may outlive the file
	before, err := xterm.GetState(fd)
	if err != nil {
		return "", err
	}
	_, _ = fmt.Fprint(s.Err, question+" ")
	line, err := await(ctx, func() (string, error) {
		text, err := xterm.ReadPassword(fd)
		return string(text), err
	})
	if ctx.Err() != nil {
		_ = xterm.Restore(fd, before) // or the shell would not echo either
	}
	_, _ = fmt.Fprintln(s.Err)
	return line, err
}

// Ask asks for one line. Nobody to answer is an error.
func (s Streams) Ask(ctx context.Context, question string) (string, error) {
	if !s.Asks() {
		return "", errors.New("standard input is not a terminal")
	}
	_, _ = fmt.Fprint(s.Err, question+" ")
	return await(ctx, func() (string, error) { return readLine(s.In) })
}

// readLine reads up to a line break and not a byte further: the rest belongs to
// whoever reads next.
func readLine(r io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return string(line), nil
		case n == 1:
			line = append(line, one[0])
		case err != nil:
			return string(line), err
		}
	}
}

// await returns what read returns, or the reason of ctx if that ends first. The
// reading cannot be stopped and goes on in the background then: the process is
// about to end.
func await(ctx context.Context, read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
