package otlpjson

import (
	"fmt"
	"strconv"
	"strings"
)

// SyntaxError says why and where a document is not OTLP/JSON. It names the
// client's mistake and is fit to be sent back as a google.rpc.BadRequest field
// violation: its texts are valid UTF-8 and of bounded length.
type SyntaxError struct {
	// Path leads to the value: "resourceSpans[0].scopeSpans[0].spans[3].kind".
	// It is empty for the document itself. Long keys are cut; a very long path ends in "…".
	Path string
	// Offset is the position of the value, or of the mistake inside a string, in bytes.
	Offset int
	// Problem says what is wrong there: `enum must be an integer, not "SPAN_KIND_SERVER"`.
	Problem string
}

func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("invalid OTLP/JSON at byte %d: %s", e.Offset, e.Problem)
	}
	return fmt.Sprintf("invalid OTLP/JSON at byte %d (%s): %s", e.Offset, e.Path, e.Problem)
}

// maxQuoted is the longest piece of a document that an error repeats.
const maxQuoted = 48

// quote renders a piece of the document for an error.
func quote(b []byte) string {
	if len(b) > maxQuoted {
		return strconv.Quote(string(b[:maxQuoted])) + "…"
	}
	return strconv.Quote(string(b))
}

// fail records an error and returns -1, the position that means "stop". The first error stays.
func (d *decoder) fail(offset int, problem string) int {
	if d.err == nil {
		d.err = &SyntaxError{Offset: offset, Path: pathAt(d.src, offset), Problem: problem}
	}
	return -1
}

// mismatch records that the value at p is not what the field holds.
func (d *decoder) mismatch(p int, want string) int {
	if p >= len(d.src) {
		return d.truncated()
	}
	var got string
	switch c := d.src[p]; {
	case c == '{':
		got = "an object"
	case c == '[':
		got = "an array"
	case c == '"':
		got = "a string"
	case c == '-' || '0' <= c && c <= '9':
		got = "a number"
	case c == 't' || c == 'f':
		got = "a boolean"
	case c == 'n':
		got = "null"
	default:
		return d.unexpected(p, want)
	}
	return d.fail(p, "must be "+want+", not "+got)
}

// unexpected records that the document is not JSON at p.
func (d *decoder) unexpected(p int, want string) int {
	if p >= len(d.src) {
		return d.truncated()
	}
	return d.fail(p, fmt.Sprintf("unexpected %s, want %s", quote(d.src[p:p+1]), want))
}

func (d *decoder) truncated() int {
	return d.fail(len(d.src), "the document ends too early")
}

// level is one object or array around a position.
type level struct {
	key   []byte // of the current member of an object; nil between members
	index int    // of the current element of an array; -1 in an object
}

// pathAt names the value, or the member whose key, begins at the offset. What is
// before the offset has been read without an error and needs no checks.
func pathAt(src []byte, offset int) string {
	var levels []level
	for p := 0; p < len(src); {
		c := src[p]
		if p >= offset && c != '"' {
			break
		}
		switch c {
		case '{':
			levels = append(levels, level{index: -1})
		case '[':
			levels = append(levels, level{})
		case '}', ']':
			levels = levels[:len(levels)-1]
		case ',':
			last := &levels[len(levels)-1]
			last.key = nil
			if last.index >= 0 {
				last.index++
			}
		case '"':
			end := skipQuoted(src, p+1)
			if len(levels) > 0 {
				if last := &levels[len(levels)-1]; last.index < 0 && last.key == nil {
					last.key = src[p+1 : end]
				}
			}
			p = end
			if p >= offset {
				return renderPath(levels)
			}
		}
		p++
	}
	return renderPath(levels)
}

// skipQuoted returns the position of the quote that closes a string, or the end.
func skipQuoted(src []byte, p int) int {
	for p < len(src) && src[p] != '"' {
		if src[p] == '\\' {
			p++
		}
		p++
	}
	return min(p, len(src))
}

// maxPath is how many objects and arrays of a path are named.
const maxPath = 24

func renderPath(levels []level) string {
	var b strings.Builder
	cut := len(levels) > maxPath
	levels = levels[:min(len(levels), maxPath)]
	for _, l := range levels {
		switch {
		case l.index >= 0:
			fmt.Fprintf(&b, "[%d]", l.index)
		case l.key != nil:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.Write(l.key[:min(len(l.key), maxQuoted)])
		}
	}
	if cut {
		b.WriteString(".…")
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}
