package wire

import "encoding/binary"

// Clean appends to dst the request b without what r.Invalid and r.Stripped
// count, and returns it. r must come from Scan(sig, b). All other bytes stay as
// they are, in their order; only the lengths of what surrounds a cut change.
func Clean(dst []byte, sig Signal, b []byte, r *Report) []byte {
	return appendWithout(dst, sig.Request(), b, 0, len(b), r.cuts)
}

// appendWithout appends the message b[pos:end] without the cuts, which lie in it.
func appendWithout(dst []byte, id MessageID, b []byte, pos, end int, cuts []cut) []byte {
	if len(cuts) == 0 {
		return append(dst, b[pos:end]...)
	}
	for f := range fieldsOf(b, pos, end) {
		n := 0
		for n < len(cuts) && cuts[n].start < f.end {
			n++
		}
		switch {
		case n == 0:
			dst = append(dst, b[f.start:f.end]...)
		case cuts[0].start == f.start:
		default:
			field, _ := id.field(f.number)
			body := appendWithout(nil, field.Message, b, f.value, f.end, cuts[:n])
			dst = append(dst, b[f.start:f.tagEnd]...)
			dst = binary.AppendUvarint(dst, uint64(len(body)))
			dst = append(dst, body...)
		}
		cuts = cuts[n:]
	}
	return dst
}
