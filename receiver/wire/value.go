package wire

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"
)

// Value is what a field holds, as it stands on the wire.
type Value struct {
	Type Type
	Bits uint64 // of a number
	Data []byte // of anything with a length
}

// Double returns the number that the bits of a fixed64 stand for.
func (v Value) Double() float64 { return math.Float64frombits(v.Bits) }

// Numbers walks over the numbers in a value of a repeated field: packed ones of the
// type, or one alone.
func (v Value) Numbers(t Type) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if v.Type != TypeBytes {
			yield(v.Bits)
			return
		}
		for packed := v.Data; len(packed) > 0; {
			bits, size := firstNumber(packed, t)
			if size <= 0 || !yield(bits) {
				return
			}
			packed = packed[size:]
		}
	}
}

// firstNumber reads the first of packed numbers. The size is not positive if there is none.
func firstNumber(packed []byte, t Type) (bits uint64, size int) {
	switch {
	case t == TypeVarint:
		return binary.Uvarint(packed)
	case t == TypeFixed64 && len(packed) >= 8:
		return binary.LittleEndian.Uint64(packed), 8
	case t == TypeFixed32 && len(packed) >= 4:
		return uint64(binary.LittleEndian.Uint32(packed)), 4
	default:
		return 0, 0
	}
}

// Values walks over the fields of an encoded message, by number. A group comes
// without what is in it. The walk ends where the message is malformed; what has
// passed Scan never is.
func Values(b []byte) iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		for pos := 0; pos < len(b); {
			number, v, next := valueAt(b, pos)
			if next < 0 || !yield(number, v) {
				return
			}
			pos = next
		}
	}
}

// valueAt reads the field whose tag is at pos, and returns the position behind
// it, or -1. Nearly all tags are one byte, and most lengths and numbers, too.
func valueAt(b []byte, pos int) (number int, v Value, next int) {
	tag := b[pos]
	if tag < 8 || tag >= 0x80 {
		return longValue(b, pos)
	}
	number, v.Type = int(tag>>3), Type(tag&7)
	switch v.Type {
	case TypeBytes, TypeVarint:
		v.Bits, next = varintAt(b, pos+1)
		if next < 0 || v.Type == TypeVarint {
			return number, v, next
		}
		if v.Bits > uint64(len(b)-next) {
			return 0, v, -1
		}
		end := next + int(v.Bits)
		v.Bits, v.Data = 0, b[next:end:end]
		return number, v, end
	case TypeFixed64:
		if len(b)-pos > 8 {
			v.Bits = binary.LittleEndian.Uint64(b[pos+1:])
			return number, v, pos + 9
		}
	}
	return longValue(b, pos)
}

// varintAt reads the varint at pos, and returns the position behind it, or -1.
func varintAt(b []byte, pos int) (v uint64, next int) {
	if pos < len(b) && b[pos] < 0x80 {
		return uint64(b[pos]), pos + 1
	}
	v, n := binary.Uvarint(b[min(pos, len(b)):])
	if n <= 0 {
		return 0, -1
	}
	return v, pos + n
}

// longValue is valueAt for every field.
func longValue(b []byte, pos int) (int, Value, int) {
	f, ok := nextField(b, pos)
	if !ok {
		return 0, Value{}, -1
	}
	v := Value{Type: f.t}
	switch f.t {
	case TypeVarint:
		v.Bits, _ = varintAt(b, f.value)
	case TypeFixed64:
		v.Bits = binary.LittleEndian.Uint64(b[f.value:])
	case TypeFixed32:
		v.Bits = uint64(binary.LittleEndian.Uint32(b[f.value:]))
	case TypeBytes:
		v.Data = b[f.value:f.end:f.end]
	}
	return int(f.number), v, f.end
}

// AppendWithout appends the fields of an encoded message that has passed Scan as they
// stand, but for those with the numbers.
func AppendWithout(dst, b []byte, numbers ...int) []byte {
	for f := range fieldsOf(b, 0, len(b)) {
		if !slices.Contains(numbers, int(f.number)) {
			dst = append(dst, b[f.start:f.end]...)
		}
	}
	return dst
}
