package otlpjson

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// unhex is the value of a hexadecimal digit, 255 for any other byte.
//
//nolint:gochecknoglobals // immutable table
var unhex = newUnhex()

func newUnhex() (table [256]uint8) {
	for i := range table {
		table[i] = 255
	}
	for i := range 10 {
		table['0'+i] = uint8(i)
	}
	for i := range 6 {
		table['a'+i], table['A'+i] = uint8(10+i), uint8(10+i)
	}
	return table
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
		digits := src[p:end]
		at := len(dst) + 2
		out := append(dst, byte(f.tag), byte(n), 0, 0, 0, 0, 0, 0, 0, 0)
		if n == 16 {
			out = append(out, 0, 0, 0, 0, 0, 0, 0, 0)
		}
		var bad uint8
		for i := range out[at:] {
			hi, lo := unhex[digits[2*i]], unhex[digits[2*i+1]]
			bad |= hi | lo
			out[at+i] = hi<<4 | lo
		}
		if bad <= 15 {
			return out, end + 1
		}
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
