package otlpjson

import (
	"encoding/binary"
	"math/bits"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The length of a message stands before it but is known only after it. open
// leaves room for it; seal writes it there, and moves the message if the room is
// too small or too large. The guess is what the last message of the same kind
// needed, so that messages seldom move.

// numWidths is how many kinds of values have a guess: every message, and at
// packedWidth all packed fields.
const (
	packedWidth = 0
	numWidths   = int(wire.ValueType) + 1
)

//nolint:gochecknoglobals // immutable table
var initialWidths = newInitialWidths()

func newInitialWidths() (widths [numWidths]uint8) {
	for i := range widths {
		widths[i] = 1
	}
	for _, id := range wire.Messages() {
		if id.Items() {
			widths[id] = 2
		}
	}
	return widths
}

// open appends a tag and room of the width for a length. The value starts at the
// end of what it returns.
func open(dst []byte, tag uint16, width uint8) []byte {
	if tag < 0x80 && width == 1 {
		return append(dst, byte(tag), 0)
	}
	var room [4]byte
	return append(appendTag(dst, tag), room[:width]...)
}

// seal writes the length of the value that starts there into the room of the
// width before it. It corrects the guess.
func seal(dst []byte, start int, width uint8, guess *uint8) []byte {
	n := len(dst) - start
	if n < 0x80 && width == 1 {
		dst[start-1] = byte(n)
		return dst
	}
	return sealWide(dst, start, int(width), guess)
}

func sealWide(dst []byte, start, width int, guess *uint8) []byte {
	n := len(dst) - start
	need := varintLen(uint64(n))
	if need != width {
		var room [binary.MaxVarintLen64]byte
		dst = append(dst, room[:need]...)
		copy(dst[start-width+need:], dst[start:start+n])
		dst = dst[:start-width+need+n]
		*guess = uint8(min(need, 4))
	}
	binary.PutUvarint(dst[start-width:], uint64(n))
	return dst
}

// varintLen is how many bytes the value takes as a varint.
func varintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }
