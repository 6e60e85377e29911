package config

import (
	"bytes"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// span is the bytes of a file that make up a scalar, with its quotes.
type span struct{ from, to int }

// spanOf finds the bytes of a value. Parsers tell where a value begins only. What
// is made with a span is always parsed again and compared, so a value that is
// written in a way unknown here leads to an error and not to a broken file.
func (t *Text) spanOf(v written) (span, bool) {
	from, ok := t.offset(mark{v.node.Line, v.node.Column})
	if !ok {
		return span{}, false
	}
	if !t.toml {
		from = skipProperties(t.Data, from, v.node)
	}
	rest := t.Data[from:]
	var length int
	switch {
	case t.toml:
		length = tomlLength(rest, v.node)
	case v.isNull() && v.node.Value == "":
		length = 0
	case v.node.Style&yaml.DoubleQuotedStyle != 0:
		length = doubleQuoted(rest)
	case v.node.Style&yaml.SingleQuotedStyle != 0:
		length = singleQuoted(rest)
	case v.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		length = blockLength(rest, v.node.Value)
	default:
		length = plainLength(rest, v.node.Value)
	}
	return span{from, from + length}, length >= 0
}

// offset returns the byte at a mark, as the parser of the file counts.
func (t *Text) offset(m mark) (int, bool) {
	at := 0
	if bytes.HasPrefix(t.Data, []byte("\ufeff")) && !t.toml {
		at = len("\ufeff")
	}
	for line := 1; line < m.line; line++ {
		next := t.nextLine(at)
		if next < 0 {
			return 0, false
		}
		at = next
	}
	for col := 1; col < m.col; col++ {
		if at >= len(t.Data) {
			return 0, false
		}
		_, size := utf8.DecodeRune(t.Data[at:])
		at += size
	}
	return at, true
}

// nextLine returns where the line after the one around a byte begins, or -1.
func (t *Text) nextLine(at int) int {
	for at < len(t.Data) {
		if n := breakAt(t.Data[at:]); n > 0 && (!t.toml || t.Data[at] == '\n') {
			return at + n
		}
		at++
	}
	return -1
}

// breakAt returns the length of the line break that data begins with, or 0. YAML's
// parser knows the breaks of Unicode too.
func breakAt(data []byte) int {
	for _, br := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if bytes.HasPrefix(data, []byte(br)) {
			return len(br)
		}
	}
	return 0
}
