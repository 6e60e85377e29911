package row

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// open begins a message in a field, and returns where it starts for closed.
func open(dst []byte, number protowire.Number) (opened []byte, start int) {
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	return dst, len(dst)
}

// closed puts the length of the message that has been appended since start before it.
func closed(dst []byte, start int) []byte {
	n := len(dst) - start
	var length [binary.MaxVarintLen32]byte
	size := binary.PutUvarint(length[:], uint64(n))
	dst = append(dst, length[:size]...)
	copy(dst[start+size:], dst[start:start+n])
	copy(dst[start:], length[:size])
	return dst
}

// What is zero or empty is not written, as in all encodings of OTLP, unless its
// presence says something.

func appendBytes(dst []byte, number protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return dst
	}
	return appendPresent(dst, number, v)
}

// appendPresent appends a value even if it is empty.
func appendPresent(dst []byte, number protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, number, protowire.BytesType), v)
}

func appendInt(dst []byte, number protowire.Number, v int32) []byte {
	return appendUint(dst, number, uint64(int64(v)))
}

func appendUint(dst []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, number, protowire.VarintType), v)
}

func appendFixed32(dst []byte, number protowire.Number, v uint32) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendFixed32(protowire.AppendTag(dst, number, protowire.Fixed32Type), v)
}

func appendFixed64(dst []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return appendPresent64(dst, number, v)
}

// appendPresent64 appends a value even if it is zero.
func appendPresent64(dst []byte, number protowire.Number, v uint64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(dst, number, protowire.Fixed64Type), v)
}

// appendDouble appends what a pointer refers to, if it is set.
func appendDouble(dst []byte, number protowire.Number, v *float64) []byte {
	if v == nil {
		return dst
	}
	return appendPresent64(dst, number, math.Float64bits(*v))
}
