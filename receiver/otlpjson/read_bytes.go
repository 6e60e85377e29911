package otlpjson

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// hex8 converts eight hexadecimal digits, the first in the lowest byte, into the
// four bytes that they stand for, in the same order.
func hex8(w uint64) (uint32, bool) {
	// Bit 7 of each byte says whether it reaches a bound; no byte carries, as all are below 0x80.
	lower := w | ones*0x20
	digit := (w + ones*(0x80-'0')) &^ (w + ones*(0x7f-'9'))
	letter := (lower + ones*(0x80-'a')) &^ (lower + ones*(0x7f-'f'))
	if w&highs != 0 || (digit|letter)&highs != highs {
		return 0, false
	}
	w = w&(ones*0x0f) + w>>6&ones*9 // letters have bit 6
	w = (w<<4 | w>>8) & 0x00ff00ff00ff00ff
	w = (w | w>>8) & 0x0000ffff0000ffff
	return uint32(w | w>>16), true
}

// id reads a trace, span or profile identifier: hexadecimal digits (J1). One of
// another length than the field's is passed on: whether its item is removed or
// the identifier ignored is for the wire scanner to say.
func (d *decoder) id(dst []byte, p int, f *field) ([]byte, int) {
	src := d.src
	if p >= len(src) || src[p] != '"' {
		return dst, d.mismatch(p, "a string of hexadecimal digits")
	}
	n := 8
	if f.kind == wire.ID16 {
		n = 16
	}
	p++
	if end := p + 2*n; end < len(src) && src[end] == '"' {
		before := len(dst)
		dst = append(dst, byte(f.tag), byte(n))
		good := true
		for i := p; i < end; i += 8 {
			v, ok := hex8(load64(src, i))
			dst = binary.LittleEndian.AppendUint32(dst, v)
			good = good && ok
		}
		if good {
			return dst, end + 1
		}
		dst = dst[:before]
	}
	return d.oddID(dst, p, f)
}

// oddID is id for those that are empty, of another length, escaped or wrong.
func (d *decoder) oddID(dst []byte, start int, f *field) ([]byte, int) {
	digits, p := d.text(start)
	if p < 0 {
		return dst, p
	}
	if len(digits) == 0 {
		return dst, p
	}
	if len(digits)%2 != 0 {
		return dst, d.fail(start-1, "must be an even number of hexadecimal digits, not "+quote(digits))
	}
	dst = appendVarint(appendTag(dst, f.tag), uint64(len(digits)/2))
	dst, err := hex.AppendDecode(dst, digits)
	if err != nil {
		return dst, d.fail(start-1, "must be hexadecimal digits, not "+quote(digits))
	}
	return dst, p
}

// base64 reads a bytes field in the standard or the URL alphabet, padded or not.
func (d *decoder) base64(dst []byte, p int, f *field) ([]byte, int) {
	if p >= len(d.src) || d.src[p] != '"' {
		return dst, d.mismatch(p, "a base64 string")
	}
	start := p
	text, p := d.text(p + 1)
	if p < 0 || len(text) == 0 && !f.presence {
		return dst, p
	}
	enc := base64.StdEncoding
	switch url, padded := bytes.ContainsAny(text, "-_"), len(text)%4 == 0; {
	case url && padded:
		enc = base64.URLEncoding
	case url:
		enc = base64.RawURLEncoding
	case !padded:
		enc = base64.RawStdEncoding
	}
	dst = open(dst, f.tag, 1)
	body := len(dst)
	dst = slices.Grow(dst, enc.DecodedLen(len(text)))
	n, err := enc.Decode(dst[body:cap(dst)], text)
	if err != nil {
		return dst, d.fail(start, "must be base64, not "+quote(text))
	}
	var guess uint8
	return seal(dst[:body+n], body, 1, &guess), p
}
