package otlpjson

import (
	"fmt"
	"math/bits"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// AppendJSON appends the OTLP/JSON of an encoded Export…ServiceRequest of the
// signal, in one line without a line break, and returns the extended buffer.
// Members stand in the order of the .proto file, whatever their order on the
// wire. Fields that the schema does not know have no name and are left out.
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
	err    error
	depth  int      // messages around the current position, the request included
	pieces [][]byte // stack of pieces that are one message together
}

// fail records the first error; the field may be nil.
func (e *encoder) fail(m *message, f *field, problem string) {
	switch {
	case e.err != nil:
	case f == nil:
		e.err = fmt.Errorf("write %s as JSON: %s", m.id, problem)
	default:
		e.err = fmt.Errorf("write %s.%s as JSON: %s", m.id, f.name, problem)
	}
}

// open appends the brace that begins an object, unless it is too deep.
func (e *encoder) open(dst []byte, m *message) []byte {
	if e.depth > wire.MaxDepth {
		e.fail(m, nil, "messages are nested too deeply")
	}
	e.depth++
	return append(dst, '{')
}

func (e *encoder) close(dst []byte) []byte {
	e.depth--
	return append(dst, '}')
}

// run is the part of a message in which all values of a field lie.
type run struct{ from, to int }

// message appends the object of a message that lies in one piece.
func (e *encoder) message(dst []byte, m *message, body []byte) []byte {
	var runs [maxFields]run
	seen, scattered := e.survey(m, body, &runs)
	if e.err != nil {
		return dst
	}
	if scattered {
		base := len(e.pieces)
		e.pieces = append(e.pieces, body)
		dst = e.merged(dst, m, base)
		e.pieces = e.pieces[:base]
		return dst
	}
	dst = e.open(dst, m)
	for ; seen != 0 && e.err == nil; seen &= seen - 1 {
		i := bits.TrailingZeros32(seen)
		f := &m.fields[i]
		piece := body[runs[i].from:runs[i].to]
		if f.repeated {
			dst = e.elements(dst, m, f, piece)
			continue
		}
		if _, v := next(piece, 0); !v.absent(f, piece) {
			dst = e.value(append(separate(dst), f.label...), m, f, piece, v)
		}
	}
	return e.close(dst)
}

// survey finds the known fields of a message: a bit for each, and its run. The
// message is scattered if a field is not in one run or a oneof has two members.
func (e *encoder) survey(m *message, body []byte, runs *[maxFields]run) (seen uint32, scattered bool) {
	var last *field
	for p := 0; p < len(body); {
		f, v := e.next(m, body, p)
		if f != nil {
			bit := uint32(1) << f.index
			switch {
			case f == last && f.repeated:
			case seen&bit != 0 || m.oneof&bit != 0 && seen&m.oneof != 0:
				scattered = true
			default:
				runs[f.index&(maxFields-1)].from = p
			}
			runs[f.index&(maxFields-1)].to = v.to
			seen |= bit
			last = f
		}
		p = v.to
	}
	return seen, scattered
}

// next reads the field of a message at p: nil if the schema does not know it. On
// an error the value ends where the message does.
func (e *encoder) next(m *message, body []byte, p int) (*field, value) {
	number, v := next(body, p)
	if v.to < 0 {
		e.fail(m, nil, "malformed field")
		return nil, value{to: len(body)}
	}
	f := m.field(number)
	if f != nil && !v.fits(f) {
		e.fail(m, f, "wrong wire type")
		return nil, value{to: len(body)}
	}
	return f, v
}

// elements appends a repeated field with its values in all pieces, if there are any.
func (e *encoder) elements(dst []byte, m *message, f *field, pieces ...[]byte) []byte {
	opened := false
	for _, piece := range pieces {
		for p := 0; p < len(piece) && e.err == nil; {
			g, v := e.next(m, piece, p)
			p = v.to
			if g != f || v.absent(f, piece) {
				continue
			}
			if !opened {
				dst = append(append(separate(dst), f.label...), '[')
				opened = true
			}
			dst = e.value(dst, m, f, piece, v)
		}
	}
	if opened {
		dst = append(dst, ']')
	}
	return dst
}

// separate appends a comma unless an object or array has just been opened.
func separate(dst []byte) []byte {
	if c := dst[len(dst)-1]; c == '{' || c == '[' {
		return dst
	}
	return append(dst, ',')
}
