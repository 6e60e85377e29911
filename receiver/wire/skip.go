package wire

import "encoding/binary"

// skipVarint returns the position after the varint at pos, or -1 if it is
// longer than ten bytes, overflows 64 bits or is cut off.
func skipVarint(b []byte, pos int) int {
	if pos >= len(b) {
		return -1
	}
	if b[pos] < 0x80 {
		return pos + 1
	}
	_, n := binary.Uvarint(b[pos:])
	if n <= 0 {
		return -1
	}
	return pos + n
}

// longLength reads a length of any size at pos. The position is -1 if it is
// malformed; a length beyond the input is left to the caller.
func longLength(b []byte, pos int) (int, int) {
	v, n := binary.Uvarint(b[pos:])
	if n <= 0 || v > 1<<31-1 {
		return 0, -1
	}
	return int(v), pos + n
}

// readTag reads the tag at pos. Tags of more than five bytes are refused, as the
// C++ decoder does: no encoder writes them.
func readTag(b []byte, pos int) (number uint64, t Type, next int, p problem) {
	v, n := binary.Uvarint(b[pos:])
	switch {
	case n <= 0 || n > 5:
		return 0, 0, pos, malformedTag
	case v>>3 == 0 || v>>3 > 1<<29-1:
		return 0, 0, pos, badFieldNumber
	}
	return v >> 3, Type(v & 7), pos + n, none
}

// longTag reads a tag of two bytes or more and finds the action for it.
// The returned byte carries the wire type in its low bits.
func longTag(id MessageID, b []byte, pos int) (action, byte, int, problem) {
	number, t, next, p := readTag(b, pos)
	if p != none {
		return action{}, 0, pos, p
	}
	tag := 0x80 | byte(t) // above the range of a zero field number
	if f, ok := id.field(number); ok {
		return actionFor(id, f, t), tag, next, none
	}
	return action{}, tag, next, none
}

// skipUnknown returns the position after the value at pos of a field that is not
// in the schema. Groups, deprecated as they are, are skipped as every decoder
// does, to the end tag that matches the start tag at start.
func skipUnknown(b []byte, pos int, t Type, start, depth int) (int, problem) {
	switch t {
	case TypeVarint:
		if pos = skipVarint(b, pos); pos < 0 {
			return 0, malformedVarint
		}
		return pos, none
	case TypeFixed64:
		pos += 8
	case TypeFixed32:
		pos += 4
	case TypeBytes:
		if pos >= len(b) {
			return 0, malformedLength
		}
		n, next := longLength(b, pos)
		if next < 0 {
			return 0, malformedLength
		}
		pos = next + n
	case TypeStartGroup:
		group, _, _, p := readTag(b, start)
		if p != none {
			return 0, p
		}
		return skipGroup(b, pos, group, depth)
	case TypeEndGroup:
		return 0, strayEndGroup
	default:
		return 0, badWireType
	}
	if pos > len(b) {
		return 0, truncated
	}
	return pos, none
}

// skipGroup returns the position after the end tag of the group that begins at pos.
func skipGroup(b []byte, pos int, group uint64, depth int) (int, problem) {
	if depth == 0 {
		return 0, tooDeep
	}
	for pos < len(b) {
		start := pos
		number, t, next, p := readTag(b, pos)
		if p != none {
			return 0, p
		}
		if t == TypeEndGroup {
			if number != group {
				return 0, strayEndGroup
			}
			return next, none
		}
		if pos, p = skipUnknown(b, next, t, start, depth-1); p != none {
			return 0, p
		}
	}
	return 0, openGroup
}
