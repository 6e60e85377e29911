package otlpjson

import "github.com/otlpctl/otlpctl/receiver/wire"

// merged appends the object of a message that lies in the pieces
// e.pieces[base:], each of which may hold any of its fields. They merge as
// protobuf says: repeated fields add up, of other values the last counts,
// messages merge in turn, and a member of a oneof removes the others.
//
// The pieces are walked once for each field of the schema. The pieces of the
// messages within are slices of the request, so that their number, and with it
// the memory, is bounded by the number of fields in the request.
func (e *encoder) merged(dst []byte, m *message, base int) []byte {
	dst = e.open(dst, m)
	end := len(e.pieces)
	for i := 0; i < len(m.fields) && e.err == nil; i++ {
		if f := &m.fields[i]; f.repeated {
			dst = e.elements(dst, m, f, e.pieces[base:end]...)
		} else {
			dst = e.last(dst, m, f, base, end)
		}
	}
	return e.close(dst)
}

// last appends a field that has one value: the last one, or all messages merged.
func (e *encoder) last(dst []byte, m *message, f *field, base, end int) []byte {
	var winner value
	var holder []byte // the piece that holds it; nil: no value
	member := m.oneof>>f.index&1 != 0
	for i := base; i < end; i++ {
		piece := e.pieces[i]
		for p := 0; p < len(piece); {
			g, v := e.next(m, piece, p)
			p = v.to
			switch {
			case g == nil:
			case g == f:
				winner, holder = v, piece
				if f.kind == wire.Message {
					e.pieces = append(e.pieces, piece[v.from:v.to])
				}
			case member && m.oneof>>g.index&1 != 0:
				holder = nil
				e.pieces = e.pieces[:end]
			}
		}
	}
	if e.err == nil && holder != nil && !winner.absent(f, holder) {
		dst = append(separate(dst), f.label...)
		if len(e.pieces) > end+1 {
			dst = e.merged(dst, f.child, end)
		} else {
			dst = e.value(dst, m, f, holder, winner)
		}
	}
	e.pieces = e.pieces[:end]
	return dst
}
