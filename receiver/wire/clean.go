package wire

import (
	"encoding/binary"
	"math/bits"
)

// Clean appends to dst the request b without what r.Invalid and r.Stripped
// count, and returns it. r must come from Scan(sig, b). All other bytes stay as
// they are, in their order; only the lengths of what surrounds a cut change.
// It is never longer than b.
func Clean(dst []byte, sig Signal, b []byte, r *Report) []byte {
	c := cleaner{b: b, dst: dst}
	c.message(sig.Request(), 0, len(b), r.cuts, true)
	return c.dst
}

// cleaner is the state of one Clean. Lengths stand before what they measure, so
// that messages around cuts are walked twice, rather than put together elsewhere:
// a request may be large.
type cleaner struct {
	b   []byte
	dst []byte
}

// message returns the length of the message b[pos:end] without the cuts, which
// lie in it, and appends it to dst if write says so.
func (c *cleaner) message(id MessageID, pos, end int, cuts []cut, write bool) int {
	length := 0
	keep := func(pos, end int) {
		length += end - pos
		if write {
			c.dst = append(c.dst, c.b[pos:end]...)
		}
	}
	if len(cuts) == 0 {
		keep(pos, end)
		return length
	}
	for f := range fieldsOf(c.b, pos, end) {
		n := 0
		for n < len(cuts) && int(cuts[n].start) < f.end {
			n++
		}
		switch {
		case n == 0:
			keep(f.start, f.end)
		case int(cuts[0].start) <= f.start:
		default:
			field, _ := id.field(f.number)
			inner := c.message(field.Message, f.value, f.end, cuts[:n], false)
			keep(f.start, f.tagEnd)
			length += varintLen(inner) + inner
			if write {
				c.dst = binary.AppendUvarint(c.dst, uint64(inner)) //nolint:gosec // a length
				c.message(field.Message, f.value, f.end, cuts[:n], true)
			}
		}
		for len(cuts) > 0 && int(cuts[0].end) <= f.end {
			cuts = cuts[1:]
		}
	}
	return length
}

// varintLen is how many bytes a length takes as a varint.
func varintLen(n int) int { return (bits.Len(uint(n)|1) + 6) / 7 } //nolint:gosec // a length
