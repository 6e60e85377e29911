package otlpjson

import (
	"encoding/binary"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// wordSlack is how many bytes behind the start of a key may be looked at by
// field.matches: no name of the schema is longer than this with its closing quote.
const wordSlack = 24

// maxFields is the most fields that a message has, rounded up to a power of two.
const maxFields = 16

// message is one message of the schema, prepared for reading and writing JSON.
type message struct {
	id      wire.MessageID
	fields  []field
	oneof   uint32    // bits of the fields that are members of the message's oneof
	numbers [24]uint8 // 1 + index of the field with this number; 0: none
}

// field is one field of the schema. Its name is held as words: a key is compared
// with a handful of loads instead of a call.
type field struct {
	head, mask uint64 // first eight bytes of name and closing quote
	mid        uint64 // bytes 8 to 16, if size > 16
	tail       uint64 // last eight bytes, if size > 8
	child      *message
	name       string
	label      string // name as a key: "name":
	size       uint8  // length of the name with its closing quote
	index      uint8
	kind       wire.Kind
	typ        wire.Type // of one value
	repeated   bool
	presence   bool   // explicit presence: a default value is written
	packed     bool   // repeated scalar
	tag        uint16 // of one value, as a varint of one or two bytes, low byte first
	packedTag  uint16
}

//nolint:gochecknoglobals // immutable table, derived from wire's schema once
var schema = newSchema()

// newSchema derives the tables from wire's schema. Index 0 is unused.
func newSchema() []message {
	ids := wire.Messages()
	table := make([]message, len(ids)+1)
	for _, id := range ids {
		m := &table[id]
		m.id = id
		m.fields = make([]field, len(id.Fields()))
		for i, f := range id.Fields() {
			m.fields[i] = newField(f, table)
			m.fields[i].index = uint8(i)
			m.numbers[f.Number] = uint8(i + 1)
			if inOneof(id, f) {
				m.oneof |= 1 << i
			}
		}
	}
	return table
}

// inOneof reports whether the field is a member of its message's oneof. No
// message of OTLP has two of them.
func inOneof(id wire.MessageID, f wire.Field) bool {
	switch id {
	case wire.AnyValue, wire.NumberDataPoint, wire.Exemplar:
		return f.Label == wire.Optional
	case wire.Metric:
		return f.Kind == wire.Message && f.Label == wire.Optional
	default:
		return false
	}
}

func newField(f wire.Field, table []message) field {
	var text [wordSlack]byte
	n := copy(text[:], f.Name+`"`)
	out := field{
		name:      f.Name,
		label:     `"` + f.Name + `":`,
		size:      uint8(n),
		head:      binary.LittleEndian.Uint64(text[:]),
		mask:      ^uint64(0),
		kind:      f.Kind,
		typ:       f.Kind.Type(),
		repeated:  f.Label == wire.Repeated,
		presence:  f.Label != wire.Singular,
		tag:       newTag(f.Number, f.Kind.Type()),
		packedTag: newTag(f.Number, wire.TypeBytes),
	}
	if n < 8 {
		out.mask >>= 64 - 8*n
	}
	if n > 8 {
		out.tail = binary.LittleEndian.Uint64(text[n-8:])
		out.mid = binary.LittleEndian.Uint64(text[8:])
	}
	if f.Kind == wire.Message {
		out.child = &table[f.Message]
	}
	out.packed = out.repeated && f.Kind.Type() != wire.TypeBytes
	return out
}

// newTag encodes a field's tag. Field numbers of OTLP are far below 2048.
func newTag(number uint8, typ wire.Type) uint16 {
	v := uint16(number)<<3 | uint16(typ)
	if v < 0x80 {
		return v
	}
	return v&0x7f | 0x80 | v>>7<<8
}

// appendTag appends an encoded tag.
func appendTag(dst []byte, tag uint16) []byte {
	if tag < 0x80 {
		return append(dst, byte(tag))
	}
	return append(dst, byte(tag), byte(tag>>8))
}

// field returns the field with the number, or nil.
func (m *message) field(number uint64) *field {
	if number < uint64(len(m.numbers)) {
		if i := m.numbers[number]; i > 0 {
			return &m.fields[i-1]
		}
	}
	return nil
}

// matches reports whether the key that begins at src[p], behind its opening
// quote, is the field's name. The caller has seen that head matches and that
// wordSlack bytes follow.
func (f *field) matches(src []byte, p int) bool {
	n := int(f.size)
	return n <= 8 || load64(src, p+n-8) == f.tail && (n <= 16 || load64(src, p+8) == f.mid)
}

func load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }
