package wire

import "slices"

// op is what the scanner does with a field.
type op uint8

const (
	opUnknown  op = iota // not in the schema: skipped by its wire type
	opVarint             // any varint
	opFixed32            // four bytes
	opFixed64            // eight bytes
	opBytes              // length and bytes, not looked at
	opString             // length and UTF-8
	opID                 // length and an identifier
	opVarints            // length and packed varints
	opFixed32s           // length and packed four-byte values
	opFixed64s           // length and packed eight-byte values
	opMismatch           // in the schema, but with another wire type
	opMessage            // length and a message; this and what follows nests
	opItem               // length and a message that is one item
	opKeyValue           // length and a KeyValue
)

// action is what the scanner does with one tag of one message.
type action struct {
	op      op
	message MessageID // opMessage, opItem, opKeyValue
	size    uint8     // opID: bytes of a well-formed identifier
	rule    rule      // opID
	bit     uint8     // opID with requiredID: which one, as a bit
}

// plan is what the scanner does with one message.
type plan struct {
	// actions are found by the first byte of the tag: fields 1 to 15 below 128,
	// fields 16 to 31, whose second byte is 1, from there on.
	actions  [256]action
	required uint8 // the bits of the identifiers that must be there
}

// dispatch holds the plan of every message. Fields from 32 on do not occur in
// OTLP; their tags and padded ones are looked up in the schema.
//
//nolint:gochecknoglobals // immutable, derived from the schema
var dispatch = buildDispatch()

// sparse is dispatch for Count: what holds neither items nor identifiers is
// skipped as bytes.
//
//nolint:gochecknoglobals // immutable, derived from the schema
var sparse = buildSparse()

func buildSparse() *[numMessages]plan {
	table := *buildDispatch()
	for id := range table {
		for tag := range table[id].actions {
			a := &table[id].actions[tag]
			switch a.op {
			case opString, opKeyValue, opVarints, opFixed32s, opFixed64s:
				*a = action{op: opBytes}
			case opMessage:
				if !countable(a.message, nil) {
					*a = action{op: opBytes}
				}
			}
		}
	}
	return &table
}

// countable reports whether a message can hold an item or an identifier. above
// are the messages around it: some nest in themselves.
func countable(id MessageID, above []MessageID) bool {
	if slices.Contains(above, id) {
		return false
	}
	for _, f := range messages[id].fields {
		switch {
		case f.Kind == ID16, f.Kind == ID8:
			return true
		case f.Kind == Message && (messages[f.Message].item || countable(f.Message, append(above, id))):
			return true
		}
	}
	return false
}

func buildDispatch() *[numMessages]plan {
	var table [numMessages]plan
	for id := MessageID(1); id < numMessages; id++ {
		table[id].required = requiredMask(id)
		for _, f := range messages[id].fields {
			first := f.Number << 3
			if f.Number > 15 {
				first |= 0x80
			}
			for t := range Type(6) {
				table[id].actions[first|uint8(t)] = actionFor(id, f, t)
			}
		}
	}
	return &table
}

// actionFor returns what to do with field f of message id when it comes with wire type t.
func actionFor(id MessageID, f Field, t Type) action {
	want := f.Kind.Type()
	switch {
	case t == want:
	case t == TypeBytes && f.Label == Repeated:
		switch want {
		case TypeVarint:
			return action{op: opVarints}
		case TypeFixed32:
			return action{op: opFixed32s}
		case TypeFixed64:
			return action{op: opFixed64s}
		}
		return action{op: opMismatch}
	default:
		return action{op: opMismatch}
	}
	switch f.Kind {
	case String:
		return action{op: opString}
	case Bytes:
		return action{op: opBytes}
	case ID16, ID8:
		a := action{op: opID, size: 16, rule: f.rule}
		if f.Kind == ID8 {
			a.size = 8
		}
		if f.rule == requiredID {
			a.bit = 1 << requiredIndex(id, f.Number)
		}
		return a
	case Message:
		a := action{op: opMessage, message: f.Message}
		switch {
		case f.Message == KeyValue:
			a.op = opKeyValue
		case messages[f.Message].item:
			a.op = opItem
		}
		return a
	}
	switch want {
	case TypeFixed32:
		return action{op: opFixed32}
	case TypeFixed64:
		return action{op: opFixed64}
	default:
		return action{op: opVarint}
	}
}

// requiredIndex counts the required identifiers of a message before field n.
func requiredIndex(id MessageID, n uint8) int {
	i := 0
	for _, f := range messages[id].fields {
		if f.rule == requiredID && f.Number < n {
			i++
		}
	}
	return i
}

// requiredMask has a bit set for each required identifier of a message.
func requiredMask(id MessageID) uint8 {
	var mask uint8
	for _, f := range messages[id].fields {
		if f.rule == requiredID {
			mask |= 1 << requiredIndex(id, f.Number)
		}
	}
	return mask
}

// field returns the description of field n of the message.
func (m MessageID) field(n uint64) (Field, bool) {
	for _, f := range messages[m].fields {
		if uint64(f.Number) == n {
			return f, true
		}
	}
	return Field{}, false
}
