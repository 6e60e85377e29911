package term

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kept is how many lines of a log are kept, and how long one may be, in bytes.
const (
	keptLines = 50
	keptBytes = 4096
)

// tail keeps the last lines of a log.
type tail struct {
	lines []string
	open  []byte // the line that has no end yet
}

func (t *tail) write(text string) {
	for line := range strings.Lines(text) {
		t.open = append(t.open, line[:min(len(line), max(0, keptBytes-len(t.open)))]...)
		if strings.HasSuffix(line, "\n") {
			t.lines = append(t.lines, printableLine(string(t.open)))
			t.open = t.open[:0]
		}
	}
	if extra := len(t.lines) - keptLines; extra > 0 {
		t.lines = append(t.lines[:0], t.lines[extra:]...)
	}
}

// last returns up to n of the last lines that are not blank, with one that is still being written.
func (t *tail) last(n int) []string {
	lines := t.lines
	if len(t.open) > 0 {
		lines = append(slices.Clip(lines), printableLine(string(t.open)))
	}
	var found []string
	for _, line := range lines {
		if line != "" {
			found = append(found, line)
		}
	}
	return found[max(0, len(found)-n):]
}

// printableLine returns a line as a terminal can show it: foreign text does not command it. Of a line
// that was written over again and again, only the last is left.
func printableLine(line string) string {
	line = strings.TrimRight(line, " \t\r\n")
	line = line[strings.LastIndexByte(line, '\r')+1:]
	var b strings.Builder
	for line != "" {
		if after, isEscape := cutEscape(line); isEscape {
			line = after
			continue
		}
		c, size := utf8.DecodeRuneInString(line)
		line = line[size:]
		switch {
		case c == '\t':
			b.WriteString("    ")
		case unicode.IsPrint(c):
			b.WriteRune(c)
		}
	}
	return b.String()
}

// cutEscape cuts a sequence that commands a terminal off the beginning of text.
func cutEscape(text string) (after string, found bool) {
	after, found = strings.CutPrefix(text, "\x1b")
	if !found {
		return text, false
	}
	parameters, isCommand := strings.CutPrefix(after, "[")
	if !isCommand {
		return after, true
	}
	end := strings.IndexFunc(parameters, func(c rune) bool { return c >= '@' && c <= '~' })
	if end < 0 {
		return "", true
	}
	return parameters[end+1:], true
}
