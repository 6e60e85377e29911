package row

import "github.com/otlpctl/otlpctl/receiver/wire"

// shape is what a plain message may look like; its fields are bits by number.
type shape struct {
	known    uint32
	repeated uint32
	oneof    uint32 // of these only one
	children [32]wire.MessageID
}

//nolint:gochecknoglobals // immutable table, derived from wire's schema
var shapes = newShapes()

func newShapes() []shape {
	ids := wire.Messages()
	table := make([]shape, len(ids)+1)
	for _, id := range ids {
		s := &table[id]
		for _, f := range id.Fields() {
			if refersToDictionary(f) {
				continue
			}
			bit := uint32(1) << f.Number
			s.known |= bit
			if f.Label == wire.Repeated {
				s.repeated |= bit
			}
			if f.Label == wire.Optional && hasOneof(id) {
				s.oneof |= bit
			}
			s.children[f.Number] = f.Message
		}
	}
	return table
}

// refersToDictionary reports whether a field means something in profiles only.
func refersToDictionary(f wire.Field) bool {
	return f.Name == "keyStrindex" || f.Name == "stringValueStrindex"
}

func hasOneof(id wire.MessageID) bool {
	return id == wire.AnyValue || id == wire.NumberDataPoint || id == wire.Exemplar
}

// plain reports whether an encoded message, with all that is in it, has only
// fields that the schema knows, and each as often as the schema says. Of anything
// else columns hold a part.
func plain(id wire.MessageID, b []byte) bool {
	s := &shapes[id]
	var seen uint32
	for n, v := range wire.Values(b) {
		if n >= len(s.children) {
			return false
		}
		bit := uint32(1) << n
		if s.known&bit == 0 || seen&bit&^s.repeated != 0 {
			return false
		}
		if s.oneof&bit != 0 {
			bit = s.oneof
		}
		seen |= bit
		child := s.children[n]
		if child == 0 || child == wire.KeyValue && wire.ShortAttribute(v.Data) {
			continue
		}
		if !plain(child, v.Data) {
			return false
		}
	}
	return true
}
