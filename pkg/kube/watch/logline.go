package watch

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
)

// longestLine is how much of a line is kept, in bytes.
const longestLine = 1 << 20

// LogLine is a line that a container has printed.
type LogLine struct {
	Pod string
	// Time is when the node took it in.
	Time time.Time
	Text string
}

// logReader reads a log whose lines have times before them.
type logReader struct {
	pod   string
	lines *bufio.Reader
}

func newLogReader(pod string, body io.Reader) *logReader {
	return &logReader{pod: pod, lines: bufio.NewReader(body)}
}

// next returns the next line, or io.EOF after the last. Of a line that is too long, the beginning is
// returned. A line that the end of the stream has cut off is returned as it is.
func (r *logReader) next() (LogLine, error) {
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		line = append(line, part[:min(len(part), longestLine-len(line))]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil || errors.Is(err, io.EOF) && len(line) > 0:
			return r.parse(line), nil
		default:
			return LogLine{}, err
		}
	}
}

// parse takes the time off. What has none is all text.
func (r *logReader) parse(line []byte) LogLine {
	text := string(bytes.TrimRight(line, "\r\n"))
	before, after, _ := strings.Cut(text, " ")
	at, err := time.Parse(time.RFC3339Nano, before)
	if err != nil {
		return LogLine{Pod: r.pod, Text: text}
	}
	return LogLine{Pod: r.pod, Time: at, Text: after}
}

// seen is how far a log has been read, so that another stream of it can go on from there.
type seen struct {
	last time.Time
	same int // lines with that very time
}

// add counts a line in.
func (s *seen) add(at time.Time) {
	if !at.Equal(s.last) {
		*s = seen{last: at}
	}
	s.same++
}

// resume returns a function that says of each line of a new stream, in its order, whether it was seen.
func (s *seen) resume() func(time.Time) bool {
	last, left := s.last, s.same
	return func(at time.Time) bool {
		switch {
		case last.IsZero() || at.IsZero() || at.After(last):
			return false
		case at.Equal(last) && left == 0:
			return false
		case at.Equal(last):
			left--
		}
		return true
	}
}
