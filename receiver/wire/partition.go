package wire

import (
	"encoding/binary"
	"errors"
)

// ErrSwollen says that the parts of a request would take too much memory.
var ErrSwollen = errors.New("the parts of the request take too much memory")

// Item is what Partition tells of one item.
type Item struct {
	// Resource is the encoded resource that the item is about, empty if there is none.
	// Block counts the messages of the request that have a resource: it is the same for
	// all items below one of them.
	Resource []byte
	Block    int
	// TraceID is the item's trace_id, or nil if it has none of the right length.
	TraceID []byte
}

// Partition distributes the items of the request b, which must have passed Scan, to
// groups, and calls emit with one request for each group that has any and its number
// of items. Every item is in the request of its group, byte for byte as it was and in
// order; what stands around items is repeated as Split does. If all items belong to
// one group, its request is b. An Item and a request are valid during the call only.
// If the requests would take more than room bytes together, which they do when much
// is around few items, it fails with ErrSwollen before the first call of emit.
// Partition stops at the first error of emit and returns it.
func Partition(sig Signal, b []byte, room int, group func(Item) int, emit func(group int, request []byte, items int) error) error {
	p := partition{b: b, room: room}
	p.sort(sig.Request(), 0, len(b), &Item{Block: -1}, group)
	if len(p.groups) == 0 {
		return nil
	}
	if p.alike() {
		return emit(p.groups[0], b, len(p.groups))
	}
	p.requests = map[int]*assembly{}
	p.next = 0
	if !p.assemble(sig.Request(), 0, len(b), 0) {
		return ErrSwollen
	}
	for _, g := range p.order {
		a := p.requests[g]
		if err := emit(g, a.finish(), a.items); err != nil {
			return err
		}
	}
	return nil
}

// partition walks a request twice: first it asks for each item's group, then it
// builds the groups' requests side by side.
type partition struct {
	b      []byte
	room   int   // bytes that the requests may still take
	groups []int // by item

	next     int // item
	path     []opened
	opened   int // messages so far
	requests map[int]*assembly
	order    []int // of groups, by their first item
}

// opened is a message that the walk is in.
type opened struct {
	serial int    // tells it from others at the same depth
	tag    []byte // of the field that holds it
	head   []byte // its fields that do not lead to items
}

// sort asks for the group of each item in b[pos:end].
func (p *partition) sort(id MessageID, pos, end int, item *Item, group func(Item) int) {
	if f, ok := resourceField(id); ok {
		item.Block++
		item.Resource = p.joined(f, pos, end)
	}
	for f := range fieldsOf(p.b, pos, end) {
		field, _ := id.field(f.number)
		switch {
		case !leadsToItems(field):
		case messages[field.Message].item:
			item.TraceID = p.traceID(field.Message, f.value, f.end)
			p.groups = append(p.groups, group(*item))
		default:
			p.sort(field.Message, f.value, f.end, item, group)
		}
	}
}

// resourceField returns the field of a message that has its resource.
func resourceField(id MessageID) (number uint64, ok bool) {
	for _, f := range messages[id].fields {
		if f.Kind == Message && f.Message == Resource {
			return uint64(f.Number), true
		}
	}
	return 0, false
}

// joined returns the value of a field of the message b[pos:end]: what stands in
// several of them is the same as one after the other in one.
func (p *partition) joined(number uint64, pos, end int) []byte {
	var value []byte
	for f := range fieldsOf(p.b, pos, end) {
		switch {
		case f.number != number:
		case value == nil:
			value = p.b[f.value:f.end:f.end]
		default:
			value = append(value, p.b[f.value:f.end]...)
		}
	}
	return value
}

// traceID returns the first trace_id in the item b[pos:end]: encoders write one.
func (p *partition) traceID(id MessageID, pos, end int) []byte {
	number, has := traceIDField(id)
	if !has {
		return nil
	}
	for f := range fieldsOf(p.b, pos, end) {
		if f.number == number {
			if f.end-f.value != 16 || zeroID(p.b[f.value:f.end]) {
				return nil
			}
			return p.b[f.value:f.end]
		}
	}
	return nil
}

func traceIDField(id MessageID) (number uint64, ok bool) {
	for _, f := range messages[id].fields {
		if f.Kind == ID16 && f.Name == "traceId" {
			return uint64(f.Number), true
		}
	}
	return 0, false
}

// alike reports whether all items belong to one group.
func (p *partition) alike() bool {
	for _, g := range p.groups {
		if g != p.groups[0] {
			return false
		}
	}
	return true
}

// assemble adds the items of the message b[pos:end], which is open at depth, to the
// requests of their groups. It returns false when there is no room.
func (p *partition) assemble(id MessageID, pos, end, depth int) bool {
	if depth == len(p.path) {
		p.path = append(p.path, opened{})
	}
	p.opened++
	p.path[depth].serial, p.path[depth].head = p.opened, p.head(id, pos, end)
	for f := range fieldsOf(p.b, pos, end) {
		field, _ := id.field(f.number)
		switch {
		case !leadsToItems(field):
		case messages[field.Message].item:
			if !p.add(p.b[f.start:f.end], depth) {
				return false
			}
		default:
			if depth+1 == len(p.path) {
				p.path = append(p.path, opened{})
			}
			p.path[depth+1].tag = p.b[f.start:f.tagEnd]
			if !p.assemble(field.Message, f.value, f.end, depth+1) {
				return false
			}
		}
	}
	return true
}

// head returns the fields of the message b[pos:end] that do not lead to items.
func (p *partition) head(id MessageID, pos, end int) []byte {
	var head []byte
	for f := range fieldsOf(p.b, pos, end) {
		if field, known := id.field(f.number); !known || !leadsToItems(field) {
			head = append(head, p.b[f.start:f.end]...)
		}
	}
	return head
}

// add puts the next item, below the open messages down to depth, into the request of
// its group. It returns false when there is no room.
func (p *partition) add(item []byte, depth int) bool {
	g := p.groups[p.next]
	p.next++
	a := p.requests[g]
	if a == nil {
		a = &assembly{}
		p.requests[g] = a
		p.order = append(p.order, g)
	}
	p.room -= a.enter(p.path[:depth+1]) + len(item)
	last := &a.levels[depth]
	last.body = append(last.body, item...)
	a.items++
	return p.room >= 0
}

// assembly is a request that is being built.
type assembly struct {
	levels []part // the open messages, outermost (the request) first
	items  int
}

// part is one open message of an assembly, as far as it has been built.
type part struct {
	serial int
	tag    []byte
	body   []byte
}

// enter makes the messages on the path the open ones, and returns how many bytes that
// adds.
func (a *assembly) enter(path []opened) (added int) {
	same := 0
	for same < min(len(path), len(a.levels)) && a.levels[same].serial == path[same].serial {
		same++
	}
	a.fold(max(same, 1))
	for _, o := range path[len(a.levels):] {
		a.levels = append(a.levels, part{serial: o.serial, tag: o.tag, body: append([]byte(nil), o.head...)})
		added += len(o.head) + len(o.tag) + binary.MaxVarintLen32
	}
	return added
}

// fold closes the open messages but for the outermost so many.
func (a *assembly) fold(keep int) {
	for last := len(a.levels) - 1; last >= keep; last-- {
		l, above := &a.levels[last], &a.levels[last-1]
		above.body = append(above.body, l.tag...)
		above.body = binary.AppendUvarint(above.body, uint64(len(l.body)))
		above.body = append(above.body, l.body...)
		a.levels = a.levels[:last]
	}
}

// finish closes all messages and returns the request.
func (a *assembly) finish() []byte {
	a.fold(1)
	return a.levels[0].body
}
