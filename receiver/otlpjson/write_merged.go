package otlpjson

import "github.com/otlpctl/otlpctl/receiver/wire"

// merged appends the object of a message that lies in the pieces
// e.segments[base:], each of which may hold any of its fields. They merge as
// protobuf says: repeated fields add up, of other values the last counts,
// messages merge in turn, and a member of a oneof removes the others.
//
// The pieces are walked once for each field of the schema. The pieces of the
// messages within are slices of the request, so that their number, and with it
// the memory, is bounded by the number of fields in the request.
func (e *encoder) merged(dst []byte, m *message, base int) []byte {
	if !e.enter(m) {
		return dst
	}
	dst = append(dst, '{')
	end := len(e.segments)
	for i := range m.fields {
		if f := &m.fields[i]; f.repeated {
			dst = e.gathered(dst, m, f, base, end)
		} else {
			dst = e.last(dst, m, f, base, end)
		}
		if e.err != nil {
			return dst
		}
	}
	e.depth--
	return append(dst, '}')
}

// gathered appends a repeated field with its values from all pieces.
func (e *encoder) gathered(dst []byte, m *message, f *field, base, end int) []byte {
	opened := false
	e.each(m, base, end, func(g *field, body []byte, v value) {
		if g != f || v.absent(f, body) {
			return
		}
		if !opened {
			dst = append(append(separate(dst), f.label...), '[')
			opened = true
		}
		dst = e.value(dst, m, f, body, v)
	})
	if opened {
		dst = append(dst, ']')
	}
	return dst
}

// last appends a field that has one value: the last one, or all messages merged.
func (e *encoder) last(dst []byte, m *message, f *field, base, end int) []byte {
	var holder []byte // the piece that holds the winner
	var winner value
	found := false
	member := m.oneof>>f.index&1 != 0
	e.each(m, base, end, func(g *field, body []byte, v value) {
		switch {
		case g == f:
			holder, winner, found = body, v, true
			if f.kind == wire.Message {
				e.segments = append(e.segments, body[v.from:v.to])
			}
		case member && m.oneof>>g.index&1 != 0:
			found = false
			e.segments = e.segments[:end]
		}
	})
	if e.err != nil || !found || winner.absent(f, holder) {
		return dst
	}
	dst = append(separate(dst), f.label...)
	switch {
	case f.kind == wire.Message && len(e.segments) > end+1:
		dst = e.merged(dst, f.child, end)
		e.segments = e.segments[:end]
		return dst
	default:
		e.segments = e.segments[:end]
		return e.value(dst, m, f, holder, winner)
	}
}

// each calls yield with every value of a known field, in order, until there is an error.
func (e *encoder) each(m *message, base, end int, yield func(*field, []byte, value)) {
	for i := base; i < end; i++ {
		body := e.segments[i]
		for p := 0; p < len(body) && e.err == nil; {
			number, v := next(body, p)
			if p = v.to; p < 0 {
				e.fail(m, nil, "malformed field")
				return
			}
			f := m.field(number)
			if f == nil {
				continue
			}
			if !v.fits(f) {
				e.fail(m, f, "wrong wire type")
				return
			}
			yield(f, body, v)
		}
	}
}
