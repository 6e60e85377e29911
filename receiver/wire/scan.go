package wire

import (
	"encoding/binary"
	"unicode/utf8"
)

const (
	wrongLengthReason = "trace_id must be 16 bytes and span_id 8 bytes long"
	missingReason     = "trace_id or span_id is missing or all zero"
	strippedReason    = "trace_id or span_id has the wrong length and is read as absent"
)

// MaxDepth is how deep messages may nest below the request: the limit of the
// strictest common decoders (C++, Java, prost), so that what passes here decodes
// everywhere. Groups in unknown fields count as well.
const MaxDepth = 100

// Report is what Scan found in one request.
type Report struct {
	// Items is how many items of the request are valid.
	Items int
	// Invalid is how many items decode but break a rule of the .proto comments:
	// an identifier that is missing, all zero or of the wrong length.
	Invalid int
	// Stripped is how many optional identifiers of the wrong length are to be
	// read as absent, as the .proto comments say for log records.
	Stripped int
	// cuts are the byte ranges that Clean leaves out, in order.
	cuts []cut
	// Reason says what is wrong with the first invalid item or stripped identifier.
	Reason string
}

// Clean reports whether the request holds nothing that Clean would leave out.
func (r *Report) Clean() bool { return len(r.cuts) == 0 }

// cut is a range of bytes: one field or several that follow each other, tags
// included. There can be millions of them; lengths of messages are below 2^31.
type cut struct{ start, end uint32 }

// Scan checks that b is an encoding of sig's request that any conforming decoder
// accepts, however strict, and counts its items. Everything is checked: every
// nested length, field type, UTF-8 and depth. Unknown fields are accepted.
// The error is a *SyntaxError. Scan does not keep b.
func Scan(sig Signal, b []byte) (Report, error) {
	return scan(sig, b, dispatch)
}

// Count is Scan for a request that was encoded here and is therefore known to be
// well-formed, such as one translated from JSON: it looks only where there are
// items or identifiers. What it says of other requests is undefined, but it never
// reads beyond b.
func Count(sig Signal, b []byte) (Report, error) { return scan(sig, b, sparse) }

func scan(sig Signal, b []byte, plans *[numMessages]plan) (Report, error) {
	s := scanner{b: b, plans: plans}
	if !s.message(sig.Request(), 0, len(b), MaxDepth) {
		return Report{}, s.fail.explain(sig, b)
	}
	return Report{Items: s.items, Invalid: s.invalid, Stripped: s.stripped, cuts: s.cuts, Reason: s.reason}, nil
}

// scanner is the state of one Scan.
type scanner struct {
	b        []byte
	plans    *[numMessages]plan
	items    int
	invalid  int
	stripped int
	bad      bool // the item being scanned is invalid
	cuts     []cut
	whole    int // len(cuts) when the last item was cut
	reason   string
	fail     failure
}

// message scans b[pos:end] as a message of the given kind, with depth levels of
// nesting left.
func (s *scanner) message(id MessageID, pos, end, depth int) bool {
	b := s.b[:end]
	t := &s.plans[id]
	var seen uint8
	for pos < len(b) {
		start := pos
		tag := b[pos]
		var a action
		if tag < 0x80 {
			a = t.actions[tag]
			pos++
		} else if pos+1 < len(b) && b[pos+1] == 1 {
			a = t.actions[tag]
			pos += 2
		} else {
			var p problem
			if a, tag, pos, p = longTag(id, b, pos); p != none {
				return s.failed(start, p)
			}
		}
		switch a.op {
		case opVarint:
			if pos = skipVarint(b, pos); pos < 0 {
				return s.failed(start, malformedVarint)
			}
			continue
		case opFixed64:
			if pos += 8; pos > len(b) {
				return s.failed(start, truncated)
			}
			continue
		case opFixed32:
			if pos += 4; pos > len(b) {
				return s.failed(start, truncated)
			}
			continue
		case opUnknown:
			if tag < 8 {
				return s.failed(start, badFieldNumber)
			}
			var p problem
			if pos, p = skipUnknown(b, pos, Type(tag&7), start, depth); p != none {
				return s.failed(start, p)
			}
			continue
		case opMismatch:
			return s.failed(start, wrongType)
		}

		// Everything else is a length and that many bytes.
		var n int
		if pos < len(b) && b[pos] < 0x80 {
			n = int(b[pos])
			pos++
		} else if n, pos = longLength(b, pos); pos < 0 {
			return s.failed(start, malformedLength)
		}
		stop := pos + n
		if stop > len(b) {
			return s.failed(start, truncated)
		}
		if a.op >= opMessage && depth == 0 {
			return s.failed(start, tooDeep)
		}
		switch a.op {
		case opKeyValue:
			if !s.keyValue(pos, stop, depth-1) {
				return s.failedIn(start)
			}
		case opString:
			if !validUTF8(b[pos:stop]) {
				return s.failed(start, invalidUTF8)
			}
		case opMessage:
			if !s.message(a.message, pos, stop, depth-1) {
				return s.failedIn(start)
			}
		case opItem:
			if !s.item(a.message, start, pos, stop, depth-1) {
				return s.failedIn(start)
			}
		case opID:
			if !s.identifier(a, start, pos, stop, &seen) {
				return s.failed(start, wrongIDLength)
			}
		case opVarints:
			for pos < stop {
				if pos = skipVarint(b[:stop], pos); pos < 0 {
					return s.failed(start, malformedVarint)
				}
			}
		case opFixed64s:
			if n%8 != 0 {
				return s.failed(start, raggedPacked)
			}
		case opFixed32s:
			if n%4 != 0 {
				return s.failed(start, raggedPacked)
			}
		}
		pos = stop
	}
	if seen != t.required {
		s.invalidate(missingReason)
	}
	return true
}

// item scans one item whose tag begins at start, and books it as valid or not.
func (s *scanner) item(id MessageID, start, pos, end, depth int) bool {
	s.bad = false
	before, stripped := len(s.cuts), s.stripped
	if !s.message(id, pos, end, depth) {
		return false
	}
	if !s.bad {
		s.items++
		return true
	}
	s.invalid++
	s.stripped = stripped
	s.cuts = s.cuts[:before]
	s.cut(start, end, before == s.whole)
	s.whole = len(s.cuts)
	return true
}

// cut notes a range to leave out. It joins the one before it if they touch and
// lie in one message, as those of a client do that has every item wrong.
func (s *scanner) cut(start, end int, sameMessage bool) {
	if n := len(s.cuts); n > 0 && sameMessage && int(s.cuts[n-1].end) == start {
		s.cuts[n-1].end = uint32(end) //nolint:gosec // requests are below 2^31 bytes
		return
	}
	s.cuts = append(s.cuts, cut{uint32(start), uint32(end)}) //nolint:gosec // as above
}

// keyValue scans a KeyValue.
func (s *scanner) keyValue(pos, end, depth int) bool {
	if depth > 0 && ShortAttribute(s.b[pos:end]) {
		return true
	}
	return s.message(KeyValue, pos, end, depth)
}

// ShortAttribute reports whether b is a valid KeyValue of the kind that nearly
// all are: a short ASCII key and a short ASCII string, a number or a boolean.
// Most encoders write the key first; the Collector writes it last.
func ShortAttribute(b []byte) bool {
	const keyTag, valueTag = 1<<3 | byte(TypeBytes), 2<<3 | byte(TypeBytes)
	if len(b) < 6 {
		return false
	}
	half := 2 + int(b[1])
	if half+2 > len(b) || int(b[half+1]) != len(b)-half-2 {
		return false
	}
	key, value := b[:half], b[half:]
	if b[0] == valueTag {
		key, value = value, key
	}
	if key[0] != keyTag || value[0] != valueTag || len(value) < 4 {
		return false
	}
	// Lengths are one byte each if no byte has its high bit set. For a string,
	// nothing else in b may have it either: one look at all of it is enough.
	switch value[2] {
	case 1<<3 | byte(TypeBytes): // string_value
		return int(value[3]) == len(value)-4 && ascii(b)
	case 2<<3 | byte(TypeVarint), 3<<3 | byte(TypeVarint): // bool_value, int_value
		return value[1] < 0x80 && ascii(key) && skipVarint(value, 3) == len(value)
	case 4<<3 | byte(TypeFixed64): // double_value
		return len(value) == 11 && ascii(key)
	}
	return false
}

// identifier scans the identifier b[pos:stop] whose tag begins at start.
// It returns false if no rule says how to live with a wrong length.
func (s *scanner) identifier(a action, start, pos, stop int, seen *uint8) bool {
	n := stop - pos
	switch a.rule {
	case requiredID:
		// The last occurrence counts, but each must have the right length:
		// some decoders refuse the message otherwise.
		switch {
		case n != int(a.size):
			s.invalidate(wrongLengthReason)
		case zeroID(s.b[pos:stop]):
			*seen &^= a.bit
		default:
			*seen |= a.bit
		}
	case optionalID:
		if n != 0 && n != int(a.size) {
			s.invalidate(wrongLengthReason)
		}
	case strippedID:
		if n != 0 && n != int(a.size) {
			s.stripped++
			s.cut(start, stop, true) // cuts elsewhere have a tag in between
			s.note(strippedReason)
		}
	default:
		return n == 0 || n == int(a.size)
	}
	return true
}

// invalidate marks the item being scanned as one to be removed.
func (s *scanner) invalidate(why string) {
	s.bad = true
	s.note(why)
}

// note keeps the first reason.
func (s *scanner) note(why string) {
	if s.reason == "" {
		s.reason = why
	}
}

func zeroID(id []byte) bool {
	v := binary.LittleEndian.Uint64(id)
	if len(id) == 16 {
		v |= binary.LittleEndian.Uint64(id[8:])
	}
	return v == 0
}

const highBits = 0x8080808080808080

// validUTF8 is utf8.Valid with a short way for the short ASCII strings that
// telemetry is made of.
func validUTF8(b []byte) bool { return ascii(b) || utf8.Valid(b) }

// ascii reports whether no byte of b has its high bit set.
func ascii(b []byte) bool {
	if len(b) < 8 {
		var or byte
		for _, c := range b {
			or |= c
		}
		return or < 0x80
	}
	or := binary.LittleEndian.Uint64(b[len(b)-8:])
	for ; len(b) > 8; b = b[8:] {
		or |= binary.LittleEndian.Uint64(b)
	}
	return or&highBits == 0
}
