package otlpjson

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stops marks the bytes of a word that end a run of plain string text: quotes,
// backslashes and control characters. Only the lowest mark is exact.
func stops(w uint64) uint64 {
	quote := (w ^ ones*'"') - ones
	backslash := (w ^ ones*'\\') - ones
	control := w - ones*' '
	return (quote | backslash | control) &^ w & highs
}

// plain returns the end of the plain text that starts at p, and whether all of
// it is ASCII.
func plain(src []byte, p int) (end int, ascii bool) {
	var seen uint64
	for p+8 <= len(src) {
		w := load64(src, p)
		if s := stops(w); s != 0 {
			k := bits.TrailingZeros64(s)
			return p + k>>3, (seen|w&(1<<(k&^7)-1))&highs == 0
		}
		seen |= w
		p += 8
	}
	for p < len(src) && src[p] >= ' ' && src[p] != '"' && src[p] != '\\' {
		seen |= uint64(src[p])
		p++
	}
	return p, seen&highs == 0
}

// str reads a string as one value of kind string; an empty one only if it must be present.
func (d *decoder) str(dst []byte, p int, tag uint16, presence bool) ([]byte, int) {
	src := d.src
	if p >= len(src) || src[p] != '"' {
		return dst, d.mismatch(p, "a string")
	}
	start := p + 1
	end, ascii := plain(src, start)
	if end >= len(src) || src[end] != '"' || !ascii && !utf8.Valid(src[start:end]) {
		return d.oddString(dst, start, tag, presence)
	}
	if start == end && !presence {
		return dst, end + 1
	}
	if tag < 0x80 {
		dst = appendLength(dst, byte(tag), end-start)
	} else {
		dst = appendVarint(appendTag(dst, tag), uint64(end-start))
	}
	return append(dst, src[start:end]...), end + 1
}

// oddString is str for strings with escapes, and reports what is wrong with one.
func (d *decoder) oddString(dst []byte, start int, tag uint16, presence bool) ([]byte, int) {
	before := len(dst)
	dst = open(dst, tag, 1)
	body := len(dst)
	dst, p := d.unescape(dst, start)
	if p < 0 {
		return dst, p
	}
	if len(dst) == body && !presence {
		return dst[:before], p
	}
	var guess uint8
	return seal(dst, body, 1, &guess), p
}

// text returns the content of the string at start, behind the opening quote. It
// is valid until the next call.
func (d *decoder) text(start int) ([]byte, int) {
	end, ascii := plain(d.src, start)
	if end < len(d.src) && d.src[end] == '"' && (ascii || utf8.Valid(d.src[start:end])) {
		return d.src[start:end], end + 1
	}
	var p int
	d.scratch, p = d.unescape(d.scratch[:0], start)
	return d.scratch, p
}

// unescape appends the content of the string at p, behind the opening quote.
func (d *decoder) unescape(dst []byte, p int) ([]byte, int) {
	src := d.src
	for {
		end, ascii := plain(src, p)
		if !ascii && !utf8.Valid(src[p:end]) {
			return dst, d.fail(p, "a string is not valid UTF-8")
		}
		dst = append(dst, src[p:end]...)
		p = end
		switch {
		case p >= len(src):
			return dst, d.truncated()
		case src[p] == '"':
			return dst, p + 1
		case src[p] != '\\':
			return dst, d.fail(p, "a control character in a string must be escaped")
		}
		if dst, p = d.escape(dst, p); p < 0 {
			return dst, p
		}
	}
}

// escape appends the character that the escape sequence at p stands for.
func (d *decoder) escape(dst []byte, p int) ([]byte, int) {
	if p+1 >= len(d.src) {
		return dst, d.truncated()
	}
	c := d.src[p+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r, next := d.unicode(p)
		if next < 0 {
			return dst, next
		}
		return utf8.AppendRune(dst, r), next
	default:
		return dst, d.fail(p, "no escape sequence begins with a backslash and "+quote(d.src[p+1:p+2]))
	}
	return append(dst, c), p + 2
}

// unicode reads \uXXXX, or two of them that form a surrogate pair.
func (d *decoder) unicode(p int) (rune, int) {
	r, ok := hex4(d.src, p)
	if !ok {
		return 0, d.fail(p, `\u must be followed by four hexadecimal digits`)
	}
	if !utf16.IsSurrogate(r) {
		return r, p + 6
	}
	low, ok := hex4(d.src, p+6)
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, d.fail(p, "half of a surrogate pair is missing")
	}
	return r, p + 12
}

// hex4 reads \uXXXX.
func hex4(src []byte, p int) (rune, bool) {
	if p+6 > len(src) || src[p] != '\\' || src[p+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range src[p+2 : p+6] {
		r <<= 4
		switch {
		case '0' <= c && c <= '9':
			r |= rune(c - '0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r |= rune(c | 0x20 - 'a' + 10)
		default:
			return 0, false
		}
	}
	return r, true
}

// appendVarint appends a base-128 varint.
func appendVarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}
