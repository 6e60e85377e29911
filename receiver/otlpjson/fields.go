package otlpjson

import (
	"encoding/binary"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// value is where a field's value stands in a message: a length-delimited one
// without its length.
type value struct {
	typ      wire.Type
	from, to int
}

// next reads the field at p. The value's end is -1 if there is no field.
func next(b []byte, p int) (number uint64, v value) {
	number, typ, p := tagAt(b, p)
	v = value{typ: typ, from: p, to: -1}
	if p < 0 {
		return 0, v
	}
	switch v.typ {
	case wire.TypeBytes:
		n, p := varint(b, p)
		if p >= 0 && n <= uint64(len(b)-p) {
			v.from, v.to = p, p+int(n)
		}
	case wire.TypeStartGroup:
		v.to = skipGroup(b, p, number)
	default:
		_, v.to = scalarAt(b, p, v.typ)
	}
	return number, v
}

// tagAt reads a tag. The position is -1 if there is none.
func tagAt(b []byte, p int) (uint64, wire.Type, int) {
	tag, p := varint(b, p)
	if tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return 0, 0, -1
	}
	return tag >> 3, wire.Type(tag & 7), p
}

// scalarAt reads a varint or fixed value. The position is -1 if there is none.
func scalarAt(b []byte, p int, typ wire.Type) (uint64, int) {
	switch {
	case typ == wire.TypeVarint:
		return varint(b, p)
	case typ == wire.TypeFixed64 && len(b)-p >= 8:
		return load64(b, p), p + 8
	case typ == wire.TypeFixed32 && len(b)-p >= 4:
		return uint64(binary.LittleEndian.Uint32(b[p:])), p + 4
	default:
		return 0, -1
	}
}

// varint reads a varint of at most ten bytes. The position is -1 if there is none.
func varint(b []byte, p int) (uint64, int) {
	if p < len(b) && b[p] < 0x80 {
		return uint64(b[p]), p + 1
	}
	return longVarint(b, p)
}

func longVarint(b []byte, p int) (uint64, int) {
	v, n := binary.Uvarint(b[min(p, len(b)):])
	if n <= 0 {
		return 0, -1
	}
	return v, p + n
}

// skipGroup returns the position behind the end of the group that begins before
// p. Only fields unknown to the schema are groups.
func skipGroup(b []byte, p int, number uint64) int {
	open := [wire.MaxDepth]uint64{number}
	for depth := 1; depth > 0; {
		inner, typ, start := tagAt(b, p)
		if start < 0 {
			return -1
		}
		switch typ {
		case wire.TypeStartGroup:
			if depth == len(open) {
				return -1
			}
			open[depth] = inner
			depth++
			p = start
		case wire.TypeEndGroup:
			depth--
			if open[depth] != inner {
				return -1
			}
			p = start
		default:
			_, v := next(b, p)
			if p = v.to; p < 0 {
				return -1
			}
		}
	}
	return p
}

// fits reports whether the value has a wire type that the field may have.
func (v value) fits(f *field) bool {
	return v.typ == f.typ || f.packed && v.typ == wire.TypeBytes
}

// absent reports whether the value is the same as no value: the default of a
// field without presence, or a packed list of nothing.
func (v value) absent(f *field, b []byte) bool {
	switch {
	case f.packed:
		return v.typ == wire.TypeBytes && v.from == v.to
	case f.presence:
		return false
	case v.typ == wire.TypeBytes:
		return v.from == v.to
	default:
		bits, _ := scalarAt(b, v.from, v.typ)
		return normalize(f.kind, bits) == 0
	}
}

// normalize cuts off the bits that a decoder ignores.
func normalize(kind wire.Kind, bits uint64) uint64 {
	switch kind {
	case wire.Int32, wire.Enum, wire.Sint32, wire.Uint32:
		return uint64(uint32(bits))
	default:
		return bits
	}
}
