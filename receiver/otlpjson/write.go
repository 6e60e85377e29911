package otlpjson

import (
	"fmt"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// AppendJSON appends the OTLP/JSON of an encoded Export…ServiceRequest of the
// signal, in one line without a line break, and returns the extended buffer.
// Members stand in the order of the fields on the wire, unless something must be
// gathered from several places: then in the order of the .proto file. Fields
// that the schema does not know have no name and are left out.
//
// A request that has passed wire.Scan always has a JSON form. For any other
// input AppendJSON returns an error that names the message and field, and dst as
// it was; mistakes in what has no place in the JSON may escape it.
func AppendJSON(dst []byte, sig wire.Signal, request []byte) ([]byte, error) {
	var e encoder
	out := e.message(dst, &schema[sig.Request()], request)
	if e.err != nil {
		return dst, e.err
	}
	return out, nil
}

// encoder writes one request. After an error its methods return early.
type encoder struct {
	err      error
	depth    int
	segments [][]byte // stack of pieces that are one message together
}

func (e *encoder) fail(m *message, f *field, problem string) {
	if e.err != nil {
		return
	}
	if f == nil {
		e.err = fmt.Errorf("write %s as JSON: %s", m.id, problem)
		return
	}
	e.err = fmt.Errorf("write %s.%s as JSON: %s", m.id, f.name, problem)
}

// enter counts one more message around the position.
func (e *encoder) enter(m *message) bool {
	if e.depth > wire.MaxDepth {
		e.fail(m, nil, "messages are nested too deeply")
		return false
	}
	e.depth++
	return true
}

// message appends the object of a message that lies in one piece.
func (e *encoder) message(dst []byte, m *message, body []byte) []byte {
	orderly := e.orderly(m, body)
	if e.err != nil {
		return dst
	}
	if !orderly {
		base := len(e.segments)
		e.segments = append(e.segments, body)
		dst = e.merged(dst, m, base)
		e.segments = e.segments[:base]
		return dst
	}
	if !e.enter(m) {
		return dst
	}
	dst = append(dst, '{')
	var open *field // repeated field whose array is not closed yet
	for p := 0; p < len(body); {
		number, v := next(body, p)
		p = v.to
		f := m.field(number)
		if f == nil {
			continue
		}
		if f != open {
			if open != nil {
				dst = append(dst, ']')
				open = nil
			}
			if v.absent(f, body) {
				continue
			}
			dst = append(separate(dst), f.label...)
			if f.repeated {
				dst = append(dst, '[')
				open = f
			}
		}
		if dst = e.value(dst, m, f, body, v); e.err != nil {
			return dst
		}
	}
	if open != nil {
		dst = append(dst, ']')
	}
	e.depth--
	return append(dst, '}')
}

// orderly reports whether the fields can be written in one go: no field appears
// in two places, no oneof has two members. It reads them all and fails if the
// message cannot be taken apart.
func (e *encoder) orderly(m *message, body []byte) bool {
	var seen uint32
	var last *field
	orderly := true
	for p := 0; p < len(body); {
		number, v := next(body, p)
		if p = v.to; p < 0 {
			e.fail(m, nil, "malformed field")
			return false
		}
		f := m.field(number)
		if f == nil {
			continue
		}
		if !v.fits(f) {
			e.fail(m, f, "wrong wire type")
			return false
		}
		bit := uint32(1) << f.index
		if f == last && f.repeated {
			continue
		}
		if seen&bit != 0 || m.oneof&bit != 0 && seen&m.oneof != 0 {
			orderly = false
		}
		seen |= bit
		last = f
	}
	return orderly
}

// separate appends a comma unless an object or array has just been opened.
func separate(dst []byte) []byte {
	if c := dst[len(dst)-1]; c == '{' || c == '[' {
		return dst
	}
	return append(dst, ',')
}
