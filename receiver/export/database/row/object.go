package row

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// member is where a member of an object lies in the buffer.
type member struct {
	from, key, to int // key is where the key ends
}

// attributes writes the attributes in a field of an encoded message as an object.
// It returns nil if there are none.
func (w *writer) attributes(message []byte, number int) JSON {
	from := len(w.buf)
	if !w.object(message, number) {
		w.buf = w.buf[:from]
		return nil
	}
	return w.since(from)
}

// allAttributes is the same with an empty object for none.
func (w *writer) allAttributes(message []byte, number int) JSON {
	from := len(w.buf)
	w.object(message, number)
	return w.since(from)
}

// attributesMember writes the same as a member of an object of ours, if there are any.
func (w *writer) attributesMember(message []byte, number int) {
	from := len(w.buf)
	w.label("attributes")
	if !w.object(message, number) {
		w.buf = w.buf[:from]
	}
}

// object writes the encoded KeyValues in a field of a message as an object, and
// reports whether there are any.
func (w *writer) object(message []byte, number int) bool {
	first, open := len(w.members), len(w.buf)
	w.buf = append(w.buf, '{')
	for n, v := range wire.Values(message) {
		if n == number {
			w.separate()
			w.pair(v.Data)
		}
	}
	members := w.members[first:]
	w.unique(members, open)
	w.members = w.members[:first]
	w.buf = append(w.buf, '}')
	return len(members) > 0
}

// pair writes an encoded KeyValue.
func (w *writer) pair(b []byte) {
	var key, value []byte
	for n, v := range wire.Values(b) {
		switch n {
		case pairKey:
			key = v.Data
		case pairValue:
			value = v.Data
		}
	}
	m := member{from: len(w.buf)}
	w.quoted(key)
	m.key = len(w.buf)
	w.buf = append(w.buf, ':')
	w.any(value)
	m.to = len(w.buf)
	w.members = append(w.members, m)
}

// unique takes the members out of the object opened at a position whose keys stand in
// it again: jsonb has the last one, and other readers of JSON may see any of them.
func (w *writer) unique(members []member, open int) {
	if !w.repeats(members) {
		return
	}
	w.lossy = true
	last := w.rank(members)
	slices.SortFunc(last, func(a, b member) int { return cmp.Compare(a.from, b.from) })
	out := open + 1
	for i, m := range last {
		if i > 0 {
			w.buf[out] = ','
			out++
		}
		out += copy(w.buf[out:], w.buf[m.from:m.to])
	}
	w.buf = w.buf[:out]
}

// fewMembers are compared each with each.
const fewMembers = 16

// repeats reports whether a key stands twice.
func (w *writer) repeats(members []member) bool {
	if len(members) > fewMembers {
		return len(w.rank(members)) < len(members)
	}
	for i, m := range members {
		for _, n := range members[:i] {
			if m.key-m.from == n.key-n.from && bytes.Equal(w.key(m), w.key(n)) {
				return true
			}
		}
	}
	return false
}

// rank returns the last member of each key.
func (w *writer) rank(members []member) []member {
	w.ranked = append(w.ranked[:0], members...)
	slices.SortFunc(w.ranked, func(a, b member) int {
		return cmp.Or(bytes.Compare(w.key(a), w.key(b)), cmp.Compare(a.from, b.from))
	})
	last := w.ranked[:0]
	for i, m := range w.ranked {
		if i+1 == len(w.ranked) || !bytes.Equal(w.key(m), w.key(w.ranked[i+1])) {
			last = append(last, m)
		}
	}
	return last
}

func (w *writer) key(m member) []byte { return w.buf[m.from:m.key] }
