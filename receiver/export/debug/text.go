package debug

import (
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendText appends text that came in from outside. Whatever could make a
// terminal do more than show a character stands there as an escape sequence:
// control characters, those that change the direction of writing, line
// separators, and bytes that are not UTF-8.
func appendText(dst, text []byte) []byte {
	return appendEscaped(dst, text, "")
}

// appendQuoted appends text in quotes, with its own quotes and backslashes escaped.
func appendQuoted(dst, text []byte) []byte {
	return append(appendEscaped(append(dst, '"'), text, `"\`), '"')
}

func appendEscaped(dst, text []byte, special string) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, '\\', 'x', hexDigits[text[0]>>4], hexDigits[text[0]&15])
		case harmless(r):
			for i := range len(special) {
				if rune(special[i]) == r {
					dst = append(dst, '\\')
				}
			}
			dst = append(dst, text[:size]...)
		default:
			dst = appendEscape(dst, r)
		}
		text = text[size:]
	}
	return dst
}

// harmless reports whether r only shows a character or nothing at all.
func harmless(r rune) bool {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d' // parts of words and emoji
	return r >= ' ' && r < 0x7f || r > 0x7f && (unicode.IsPrint(r) || r == zeroWidthNonJoiner || r == zeroWidthJoiner)
}

// appendEscape appends the escape sequence that Go has for r.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	digits, letter := 2, byte('x')
	switch {
	case r > 0xffff:
		digits, letter = 8, 'U'
	case r > 0x7f:
		digits, letter = 4, 'u'
	}
	dst = append(dst, '\\', letter)
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, hexDigits[r>>(4*i)&15])
	}
	return dst
}

// appendCut appends text of which at most width characters show.
func appendCut(dst, text []byte, width int) []byte {
	start := len(dst)
	dst = appendText(dst, text[:min(len(text), utf8.UTFMax*(width+1))])
	return cut(dst, start, width)
}

// cut shortens what was appended to dst since start to at most width characters.
func cut(dst []byte, start, width int) []byte {
	count := 0
	for i := start; i < len(dst); count++ {
		if count == width-1 && utf8.RuneCount(dst[i:]) > 1 {
			return append(dst[:i], "…"...)
		}
		_, size := utf8.DecodeRune(dst[i:])
		i += size
	}
	return dst
}

// pad appends spaces until what was appended since start has the width.
func pad(dst []byte, start, width int) []byte {
	for n := utf8.RuneCount(dst[start:]); n < width; n++ {
		dst = append(dst, ' ')
	}
	return dst
}
