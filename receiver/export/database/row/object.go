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
		if n != number {
			continue
		}
		if w.full(len(w.members) - first) {
			break
		}
		w.separate()
		w.pair(v.Data)
	}
	members := w.members[first:]
	w.sort(members, open+1)
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

// sort puts the members of an object, which begin at a position, in the order of their keys,
// so that the same object is the same text however it came. jsonb has this order, too, but for keys with
// escapes. Of the members with one key the last stays, as in jsonb.
func (w *writer) sort(members []member, from int) {
	if w.sorted(members) {
		return
	}
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(w.compareKeys(a, b), cmp.Compare(a.from, b.from))
	})
	end := len(w.buf)
	for i, m := range members {
		if i+1 < len(members) && w.compareKeys(m, members[i+1]) == 0 {
			w.lossy = true
			continue
		}
		if len(w.buf) > end {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(w.buf, w.buf[m.from:m.to]...)
	}
	w.buf = w.buf[:from+copy(w.buf[from:], w.buf[end:])]
}

// sorted reports whether members are in order already, and no key stands twice.
func (w *writer) sorted(members []member) bool {
	for i := 1; i < len(members); i++ {
		if w.compareKeys(members[i-1], members[i]) >= 0 {
			return false
		}
	}
	return true
}

// compareKeys orders by length first.
func (w *writer) compareKeys(a, b member) int {
	if byLength := (a.key - a.from) - (b.key - b.from); byLength != 0 {
		return byLength
	}
	return bytes.Compare(w.buf[a.from:a.key], w.buf[b.from:b.key])
}
