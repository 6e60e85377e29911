package otlpjson

import (
	"errors"
	"math"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// AppendWire appends the encoded Export…ServiceRequest of the signal that the
// JSON document holds and returns the extended buffer. It reads the document
// once and allocates only to grow dst: give it a capacity of half the
// document's length to avoid that. It never retains json, which must not
// overlap dst's spare capacity.
//
// The appended bytes are at most MaxGrowth times as long as the document. They are
// well-formed; what becomes of items with invalid identifiers is for wire.Scan to
// say. On an error, which is always a [*SyntaxError], dst is returned as it was.
func AppendWire(dst []byte, sig wire.Signal, json []byte) ([]byte, error) {
	return AppendWireWithin(dst, sig, json, math.MaxInt)
}

// MaxGrowth is how many times as long as its document an encoded request can be.
const MaxGrowth = 5

// ErrTooLong is what AppendWireWithin returns for more bytes than the limit.
var ErrTooLong = errors.New("the encoded request is longer than the limit")

// AppendWireWithin is AppendWire for callers that must not take much more memory
// than they have. It returns ErrTooLong, and dst as it was, once it has appended
// more than limit bytes. Before it notices, dst may grow by what is left of the
// document.
func AppendWireWithin(dst []byte, sig wire.Signal, json []byte, limit int) ([]byte, error) {
	d := decoder{src: json, widths: initialWidths, most: math.MaxInt}
	if limit < math.MaxInt-len(dst) {
		d.most = len(dst) + limit
	}
	out, err := d.document(dst, &schema[sig.Request()])
	if d.long || err == nil && len(out) > d.most {
		return dst, ErrTooLong
	}
	if err != nil {
		return dst, err
	}
	return out, nil
}

// decoder reads one document. Its methods take the position to read from and
// return the position behind what they have read, or -1 after fail.
type decoder struct {
	src     []byte
	err     *SyntaxError
	scratch []byte // unescaped text of the rare strings that need it
	depth   int    // messages around the current position, the request included
	most    int    // length of the output
	long    bool   // there is more
	widths  [numWidths]uint8
}

func (d *decoder) document(dst []byte, m *message) ([]byte, error) {
	dst = slices.Grow(dst, min(len(d.src)/2, d.most-len(dst)))
	p := space(d.src, 0)
	switch {
	case p == len(d.src):
		d.fail(p, "the document is empty; an empty request is {}")
		return dst, d.err
	case d.src[p] == 0xef:
		d.fail(p, "the document must be UTF-8 without a byte order mark")
		return dst, d.err
	case d.src[p] != '{':
		d.mismatch(p, "an object")
		return dst, d.err
	}
	dst, p = d.message(dst, p+1, m)
	if p < 0 {
		return dst, d.err
	}
	if p = space(d.src, p); p < len(d.src) {
		d.fail(p, "more text behind the end of the document")
		return dst, d.err
	}
	return dst, nil
}

// message reads the members of an object into fields of m. p is just behind the
// opening brace.
func (d *decoder) message(dst []byte, p int, m *message) ([]byte, int) {
	src := d.src
	if d.depth > wire.MaxDepth {
		return dst, d.fail(p-1, "messages are nested too deeply")
	}
	d.depth++
	p = space(src, p)
	if p < len(src) && src[p] == '}' {
		d.depth--
		return dst, p + 1
	}
	var seen, set uint32 // a bit for each field whose key was read; for each oneof member with a value
	next := 0
	for {
		if p >= len(src) || src[p] != '"' {
			return dst, d.unexpected(p, "a key")
		}
		key := p
		var f *field
		if f, p = d.key(p+1, m, next); p < 0 {
			return dst, p
		}
		if p < len(src) && src[p] == ':' {
			p++
		} else if p = d.colon(p); p < 0 {
			return dst, p
		}
		p = space(src, p)
		null := p < len(src) && src[p] == 'n'
		if f != nil {
			next = int(f.index) + 1
			bit := uint32(1) << f.index
			if seen&bit != 0 {
				return dst, d.fail(key, "duplicate key")
			}
			seen |= bit
			if !null {
				if set |= bit & m.oneof; set&(set-1) != 0 {
					return dst, d.fail(key, "only one of the members of a oneof may be set")
				}
			}
		}
		switch {
		case f == nil:
			p = d.skip(p, 0)
		case null:
			p = d.literal(p, "null")
		case f.repeated:
			dst, p = d.array(dst, p, f)
		default:
			dst, p = d.value(dst, p, f)
		}
		if p < 0 {
			return dst, p
		}
		p = space(src, p)
		if p >= len(src) {
			return dst, d.truncated()
		}
		switch src[p] {
		case ',':
			p = space(src, p+1)
		case '}':
			d.depth--
			return dst, p + 1
		default:
			return dst, d.unexpected(p, `"," or "}"`)
		}
	}
}

// key finds the field that the key at p, behind its opening quote, names: nil if
// there is none. Keys mostly come in the order of the schema, so the search
// begins at the field behind the last one.
func (d *decoder) key(p int, m *message, next int) (*field, int) {
	src := d.src
	if p+wordSlack > len(src) {
		return d.oddKey(p, m)
	}
	w := load64(src, p)
	fields := m.fields
	for i := next; i < len(fields); i++ {
		if f := &fields[i]; w&f.mask == f.head && f.matches(src, p) {
			return f, p + int(f.size)
		}
	}
	for i := 0; i < len(fields) && i < next; i++ {
		if f := &fields[i]; w&f.mask == f.head && f.matches(src, p) {
			return f, p + int(f.size)
		}
	}
	return d.oddKey(p, m)
}

// oddKey is key for those that are unknown, escaped or near the end.
func (d *decoder) oddKey(p int, m *message) (*field, int) {
	text, p := d.text(p)
	if p < 0 {
		return nil, p
	}
	for i := range m.fields {
		if f := &m.fields[i]; f.name == string(text) {
			return f, p
		}
	}
	return nil, p
}

// colon reads a colon that is not where it usually is.
func (d *decoder) colon(p int) int {
	if p = space(d.src, p); p < len(d.src) && d.src[p] == ':' {
		return p + 1
	}
	return d.unexpected(p, `":"`)
}

// value reads one value of a field.
func (d *decoder) value(dst []byte, p int, f *field) ([]byte, int) {
	switch f.kind {
	case wire.String:
		return d.str(dst, p, f.tag, f.presence)
	case wire.Message:
		if f.child.id == wire.KeyValue {
			if out, end := d.attribute(dst, p, f.tag); end != 0 {
				return out, end
			}
		}
		return d.nested(dst, p, f)
	default:
		return d.scalar(dst, p, f)
	}
}

// nested reads an object as one value of kind message.
func (d *decoder) nested(dst []byte, p int, f *field) ([]byte, int) {
	if p >= len(d.src) || d.src[p] != '{' {
		return dst, d.mismatch(p, "an object")
	}
	guess := &d.widths[f.child.id]
	width := *guess
	dst = open(dst, f.tag, width)
	start := len(dst)
	if dst, p = d.message(dst, p+1, f.child); p < 0 {
		return dst, p
	}
	return seal(dst, start, width, guess), p
}

// array reads an array as the values of a repeated field.
func (d *decoder) array(dst []byte, p int, f *field) ([]byte, int) {
	src := d.src
	if p >= len(src) || src[p] != '[' {
		return dst, d.mismatch(p, "an array")
	}
	p = space(src, p+1)
	if p < len(src) && src[p] == ']' {
		return dst, p + 1
	}
	width := d.widths[packedWidth]
	if f.packed {
		dst = open(dst, f.packedTag, width)
	}
	start := len(dst)
	for {
		if p < len(src) && src[p] == 'n' {
			return dst, d.fail(p, "null is not a value of an array")
		}
		if dst, p = d.value(dst, p, f); p < 0 {
			return dst, p
		}
		if len(dst) > d.most { // only packed arrays take more than their text
			d.long = true
			return dst, -1
		}
		p = space(src, p)
		if p >= len(src) {
			return dst, d.truncated()
		}
		switch src[p] {
		case ',':
			p = space(src, p+1)
		case ']':
			if f.packed {
				dst = seal(dst, start, width, &d.widths[packedWidth])
			}
			return dst, p + 1
		default:
			return dst, d.unexpected(p, `"," or "]"`)
		}
	}
}

// literal reads null, true or false.
func (d *decoder) literal(p int, want string) int {
	end := p + len(want)
	if end <= len(d.src) && string(d.src[p:end]) == want {
		return end
	}
	return d.unexpected(p, want)
}

// space skips white space.
func space(src []byte, p int) int {
	if p < len(src) && src[p] > ' ' {
		return p
	}
	return moreSpace(src, p)
}

func moreSpace(src []byte, p int) int {
	for p < len(src) && (src[p] == ' ' || src[p] == '\n' || src[p] == '\t' || src[p] == '\r') {
		p++
	}
	return p
}
