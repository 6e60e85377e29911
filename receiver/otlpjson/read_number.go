package otlpjson

import (
	"encoding/binary"
	"math"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// scalar reads one value of a kind that is neither string nor message. A default
// value is written only if it must be present or is an element of an array.
func (d *decoder) scalar(dst []byte, p int, f *field) ([]byte, int) {
	var v uint64
	switch f.kind {
	case wire.Fixed64, wire.Uint64:
		v, p = d.integer(p, 0, math.MaxUint64)
	case wire.Int64, wire.Sfixed64:
		v, p = d.integer(p, 1<<63, math.MaxInt64)
	case wire.Int32:
		v, p = d.integer(p, 1<<31, math.MaxInt32)
	case wire.Sint32:
		v, p = d.integer(p, 1<<31, math.MaxInt32)
		v = uint64(uint32(v)<<1 ^ uint32(int32(v)>>31)) // zigzag
	case wire.Uint32, wire.Fixed32:
		v, p = d.integer(p, 0, math.MaxUint32)
	case wire.Enum:
		v, p = d.enum(p)
	case wire.Double:
		v, p = d.double(p)
	case wire.Bool:
		v, p = d.boolean(p)
	case wire.ID16, wire.ID8:
		return d.id(dst, p, f)
	default:
		return d.base64(dst, p, f)
	}
	if p < 0 {
		return dst, p
	}
	if !f.packed {
		if v == 0 && !f.presence {
			return dst, p
		}
		dst = appendTag(dst, f.tag)
	}
	switch f.kind {
	case wire.Fixed64, wire.Sfixed64, wire.Double:
		return binary.LittleEndian.AppendUint64(dst, v), p
	case wire.Fixed32:
		return binary.LittleEndian.AppendUint32(dst, uint32(v)), p
	default:
		return appendVarint(dst, v), p
	}
}

func (d *decoder) boolean(p int) (uint64, int) {
	switch {
	case p < len(d.src) && d.src[p] == 't':
		return 1, d.literal(p, "true")
	case p < len(d.src) && d.src[p] == 'f':
		return 0, d.literal(p, "false")
	default:
		return 0, d.mismatch(p, "true or false")
	}
}

// enum reads an integer (J3).
func (d *decoder) enum(p int) (uint64, int) {
	if p < len(d.src) && d.src[p] == '"' {
		name, next := d.text(p + 1)
		if next < 0 {
			return 0, next
		}
		return 0, d.fail(p, "enum must be an integer, not "+quote(name))
	}
	return d.integer(p, 1<<31, math.MaxInt32)
}

// integer reads a number, or a string that holds one (J2), between -below and
// above. It returns the value in two's complement.
func (d *decoder) integer(p int, below, above uint64) (uint64, int) {
	src := d.src
	start := p
	quoted := p < len(src) && src[p] == '"'
	if quoted {
		p++
	}
	negative := p < len(src) && src[p] == '-'
	if negative {
		p++
	}
	first := p
	var v uint64
	for p+8 <= len(src) {
		w, ok := digits8(load64(src, p))
		if !ok {
			break
		}
		v = v*1e8 + w
		p += 8
	}
	for p < len(src) && src[p]-'0' <= 9 {
		v = v*10 + uint64(src[p]-'0')
		p++
	}
	// 19 digits fit into 64 bits.
	n := p - first
	if n == 0 || n > 19 || n > 1 && src[first] == '0' || p >= len(src) {
		return d.oddInteger(start, below, above)
	}
	switch c := src[p]; {
	case quoted:
		if c != '"' {
			return d.oddInteger(start, below, above)
		}
		p++
	case c == '.' || c == 'e' || c == 'E':
		return d.oddInteger(start, below, above)
	}
	if negative {
		if v > below {
			return d.oddInteger(start, below, above)
		}
		return -v, p
	}
	if v > above {
		return d.oddInteger(start, below, above)
	}
	return v, p
}

// digits8 is the value of eight decimal digits, the first in the lowest byte.
func digits8(w uint64) (uint64, bool) {
	const zeros = ones * '0'
	// A byte is a digit if neither it nor it plus 6 leaves the range 0x30 to 0x3f.
	if (w&(ones*0xf0))|((w+ones*6)&(ones*0xf0))>>4 != ones*0x33 {
		return 0, false
	}
	w -= zeros
	w = w*10 + w>>8 // pairs, in every other byte
	const mask = 0x000000ff000000ff
	return ((w&mask)*(100+1000000<<32) + (w>>16&mask)*(1+10000<<32)) >> 32, true
}

// oddInteger is integer for fractions, exponents, many digits and mistakes.
func (d *decoder) oddInteger(start int, below, above uint64) (uint64, int) {
	n, p := d.number(start, "an integer")
	if p < 0 {
		return 0, p
	}
	v, integral, fits := n.integer()
	switch {
	case !integral:
		return 0, d.fail(start, "must be an integer, not "+quote(n.text))
	case fits && n.negative && v <= below:
		return -v, p
	case fits && !n.negative && v <= above:
		return v, p
	default:
		return 0, d.fail(start, "integer is out of range: "+quote(n.text))
	}
}

// double reads a number, or a string that holds one or is NaN, Infinity or
// -Infinity (J6). It returns the bits of the value.
func (d *decoder) double(start int) (uint64, int) {
	if start < len(d.src) && d.src[start] == '"' {
		switch text, p := d.text(start + 1); {
		case p < 0:
			return 0, p
		case string(text) == "NaN":
			return math.Float64bits(math.NaN()), p
		case string(text) == "Infinity":
			return math.Float64bits(math.Inf(1)), p
		case string(text) == "-Infinity":
			return math.Float64bits(math.Inf(-1)), p
		}
	}
	n, p := d.number(start, "a number")
	if p < 0 {
		return 0, p
	}
	v, err := n.float()
	if err != nil {
		return 0, d.fail(start, "number is out of range: "+quote(n.text))
	}
	return math.Float64bits(v), p
}
