package wire

import "encoding/binary"

// Limit is how large a piece of a split request may become.
// Zero means no limit.
type Limit struct {
	Items int
	Bytes int
}

// Split cuts the request b, which must have passed Scan, into pieces within the
// limit and calls emit with each of them and its number of items, in order.
// Every item is in exactly one piece, byte for byte as it was; each piece repeats
// the resource, scope, metric, schema URL and unknown fields around its items.
// A resource, scope or metric without any item is in none.
// A single item larger than limit.Bytes makes a piece of its own, larger than the
// limit: emit decides what becomes of it. A piece is valid during the call only.
// Split stops at the first error of emit and returns it.
func Split(sig Signal, b []byte, limit Limit, emit func(piece []byte, items int) error) error {
	s := splitter{b: b, limit: limit, emit: emit}
	if err := s.walk(sig.Request(), 0, len(b), 0); err != nil {
		return err
	}
	if s.items == 0 {
		return nil
	}
	return s.flush()
}

// splitter builds one piece at a time. levels are the open messages, outermost
// (the request) first.
type splitter struct {
	b      []byte
	limit  Limit
	emit   func([]byte, int) error
	levels []level
	items  int
	size   int // of the piece, but for the lengths of the open messages
}

// level is one open message of the piece.
type level struct {
	tag  []byte // of the field that holds it; none for the request
	head []byte // all fields that do not lead to items: repeated in every piece
	body []byte // the piece's part of the message so far, head included
	used bool   // body holds items
}

// headroom is what the tags and lengths of the open messages can take.
const headroom = 6 * 6

// walk adds the items of the message b[pos:end] to the piece, emitting it as often as it is full.
func (s *splitter) walk(id MessageID, pos, end, depth int) error {
	s.open(id, pos, end, depth)
	for f := range fieldsOf(s.b, pos, end) {
		field, _ := id.field(f.number)
		switch {
		case !leadsToItems(field):
		case messages[field.Message].item:
			if err := s.add(s.b[f.start:f.end], depth); err != nil {
				return err
			}
		default:
			if err := s.child(field.Message, f, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// child walks a message that contains items, then folds it into the level above.
func (s *splitter) child(id MessageID, f rawField, depth int) error {
	for len(s.levels) <= depth {
		s.levels = append(s.levels, level{})
	}
	s.levels[depth].tag = s.b[f.start:f.tagEnd]
	if err := s.walk(id, f.value, f.end, depth); err != nil {
		return err
	}
	s.fold(depth)
	s.levels = s.levels[:depth]
	return nil
}

// open begins a level with the fields of b[pos:end] that every piece repeats.
func (s *splitter) open(id MessageID, pos, end, depth int) {
	for len(s.levels) <= depth {
		s.levels = append(s.levels, level{})
	}
	l := &s.levels[depth]
	l.head = nil
	for f := range fieldsOf(s.b, pos, end) {
		if field, known := id.field(f.number); !known || !leadsToItems(field) {
			l.head = append(l.head, s.b[f.start:f.end]...)
		}
	}
	l.body, l.used = append([]byte(nil), l.head...), false
	s.size += len(l.head)
}

// add puts one encoded item into the piece, after emitting the piece if it is full.
func (s *splitter) add(item []byte, depth int) error {
	full := s.limit.Items > 0 && s.items >= s.limit.Items ||
		s.limit.Bytes > 0 && s.items > 0 && s.size+len(item)+headroom > s.limit.Bytes
	if full {
		if err := s.flush(); err != nil {
			return err
		}
	}
	l := &s.levels[depth]
	l.body, l.used = append(l.body, item...), true
	s.items++
	s.size += len(item)
	return nil
}

// fold closes the innermost level into the one above it.
func (s *splitter) fold(depth int) {
	l, above := &s.levels[depth], &s.levels[depth-1]
	if !l.used {
		return
	}
	before := len(above.body)
	above.body = append(above.body, l.tag...)
	above.body = binary.AppendUvarint(above.body, uint64(len(l.body)))
	s.size += len(above.body) - before // around small items, more than they take themselves
	above.body = append(above.body, l.body...)
	above.used = true
	l.body, l.used = append(l.body[:0], l.head...), false
}

// flush emits the piece and begins the next one inside the same open messages.
func (s *splitter) flush() error {
	for depth := len(s.levels) - 1; depth > 0; depth-- {
		s.fold(depth)
	}
	root := &s.levels[0]
	if err := s.emit(root.body, s.items); err != nil {
		return err
	}
	root.body, root.used = append(root.body[:0], root.head...), false
	s.items, s.size = 0, 0
	for i := range s.levels {
		s.size += len(s.levels[i].head)
	}
	return nil
}

// leadsToItems reports whether a field holds items, at any depth.
func leadsToItems(f Field) bool {
	return f.Kind == Message && (messages[f.Message].item || messages[f.Message].parent)
}
