package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// SyntaxError says why and where a request cannot be decoded.
type SyntaxError struct {
	// Path leads to the field, in the names of the .proto file's JSON mapping:
	// "resourceSpans[0].scopeSpans[0].spans[2].name". A very long path ends in "…".
	// It is empty when the tag itself cannot be read at the top of the request.
	Path string
	// Offset is the position of the field's tag in the request, in bytes.
	Offset int
	// Problem says what is wrong there.
	Problem string
}

func (e *SyntaxError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("invalid protobuf at byte %d: %s", e.Offset, e.Problem)
	}
	return fmt.Sprintf("invalid protobuf at byte %d (%s): %s", e.Offset, e.Path, e.Problem)
}

// problem is what can be wrong with the encoding of a field.
type problem uint8

const (
	none problem = iota
	malformedTag
	badFieldNumber
	badWireType
	malformedVarint
	malformedLength
	truncated
	wrongType
	invalidUTF8
	raggedPacked
	wrongIDLength
	tooDeep
	strayEndGroup
	openGroup
)

func (p problem) String() string {
	switch p {
	case malformedTag:
		return "the field's tag is malformed"
	case badFieldNumber:
		return "the field number is out of range"
	case badWireType:
		return "the wire type does not exist"
	case malformedVarint:
		return "the varint is longer than ten bytes or cut off"
	case malformedLength:
		return "the length is malformed"
	case truncated:
		return "the value reaches beyond the message that holds it"
	case wrongType:
		return "the field has the wrong wire type"
	case invalidUTF8:
		return "the string is not valid UTF-8"
	case raggedPacked:
		return "the packed values do not fill their length"
	case wrongIDLength:
		return "the identifier has the wrong length"
	case tooDeep:
		return "messages nest more than " + strconv.Itoa(MaxDepth) + " levels deep"
	case strayEndGroup:
		return "a group ends that was not begun"
	case openGroup:
		return "a group does not end"
	default:
		return "no problem"
	}
}

// failure is where a scan ended: the offsets of the tags that lead to the
// problem, innermost first. A path is worked out only when it is asked for.
type failure struct {
	problem problem
	tags    []int
}

// failed notes a problem with the field whose tag begins at start.
func (s *scanner) failed(start int, p problem) bool {
	s.fail = failure{problem: p, tags: append(make([]int, 0, 8), start)}
	return false
}

// failedIn notes that the problem lies inside the field whose tag begins at start.
func (s *scanner) failedIn(start int) bool {
	s.fail.tags = append(s.fail.tags, start)
	return false
}

// maxPath is how many fields of a path are named.
const maxPath = 16

// explain walks down to the problem once more, to name the fields on the way.
func (f failure) explain(sig Signal, b []byte) error {
	e := &SyntaxError{Offset: f.tags[0], Problem: f.problem.String()}
	var path strings.Builder
	id, begin := sig.Request(), 0
	for i, start := range slices.Backward(f.tags) {
		if len(f.tags)-i > maxPath {
			path.WriteString(".…")
			break
		}
		number, _, next, p := readTag(b, start)
		if p != none {
			break
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		field, known := id.field(number)
		if !known {
			fmt.Fprintf(&path, "field %d", number)
			break
		}
		path.WriteString(field.Name)
		if field.Label == Repeated {
			fmt.Fprintf(&path, "[%d]", countBefore(b, begin, start, number))
		}
		if field.Kind != Message {
			break
		}
		id = field.Message
		_, begin = longLength(b, next)
	}
	e.Path = path.String()
	return e
}

// countBefore counts the occurrences of a field in b[pos:end], which has been
// scanned already.
func countBefore(b []byte, pos, end int, number uint64) int {
	n := 0
	for f := range fieldsOf(b, pos, end) {
		if f.number == number {
			n++
		}
	}
	return n
}
