package wire

import "iter"

// rawField is one field of a message that has been scanned.
type rawField struct {
	number uint64
	t      Type
	start  int // of the tag
	tagEnd int // where the tag ends and the value or its length begins
	value  int // of the value; behind the length for TypeBytes
	end    int
}

// fieldsOf walks over the fields of the message b[pos:end], which must have
// passed Scan; it stops at what Scan would have refused.
func fieldsOf(b []byte, pos, end int) iter.Seq[rawField] {
	return func(yield func(rawField) bool) {
		b := b[:end]
		for pos < end {
			f, ok := nextField(b, pos)
			if !ok || !yield(f) {
				return
			}
			pos = f.end
		}
	}
}

// nextField reads the field whose tag begins at pos.
func nextField(b []byte, pos int) (rawField, bool) {
	number, t, next, p := readTag(b, pos)
	if p != none {
		return rawField{}, false
	}
	f := rawField{number: number, t: t, start: pos, tagEnd: next, value: next}
	if f.end, p = skipUnknown(b, next, t, pos, MaxDepth); p != none {
		return rawField{}, false
	}
	if t == TypeBytes {
		_, f.value = longLength(b, next)
	}
	return f, true
}
