package row

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// writer makes what columns hold out of what is on the wire. All of it lies in one
// buffer, which is kept from row to row.
type writer struct {
	buf     []byte
	lossy   bool     // something could not be written as it is
	members []member // of the objects that are open, innermost last
	clean   []byte   // scratch of quoted
}

func (w *writer) reset() {
	w.buf = w.buf[:0]
	w.lossy = false
}

// kept returns the size of the writer's buffers in bytes.
func (w *writer) kept() int {
	const memberSize = 3 * 8
	return cap(w.buf) + cap(w.clean) + memberSize*cap(w.members)
}

// since returns what has been written behind a position.
func (w *writer) since(from int) []byte { return w.buf[from:len(w.buf):len(w.buf)] }

// text returns a string as a column can hold it.
func (w *writer) text(s []byte) Text {
	if bytes.IndexByte(s, 0) < 0 {
		return s
	}
	w.lossy = true
	from := len(w.buf)
	w.buf = appendWithoutNUL(w.buf, s)
	return w.since(from)
}

// appendWithoutNUL appends s with U+FFFD for U+0000, which PostgreSQL has in no text.
func appendWithoutNUL(dst, s []byte) []byte {
	for {
		before, after, found := bytes.Cut(s, []byte{0})
		dst = append(dst, before...)
		if !found {
			return dst
		}
		dst = append(dst, "\uFFFD"...)
		s = after
	}
}

// quoted writes a string.
func (w *writer) quoted(s []byte) {
	if bytes.IndexByte(s, 0) >= 0 {
		w.lossy = true
		w.clean = appendWithoutNUL(w.clean[:0], s)
		s = w.clean
	}
	w.buf, _ = otlpjson.AppendQuoted(w.buf, s)
}

// label writes the key of a member, whose value comes next, of an object of ours.
func (w *writer) label(key string) {
	w.separate()
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, key...)
	w.buf = append(w.buf, '"', ':')
}

// separate writes a comma unless an object or array has just been opened.
func (w *writer) separate() {
	if c := w.buf[len(w.buf)-1]; c != '{' && c != '[' {
		w.buf = append(w.buf, ',')
	}
}

// Members that are zero or empty are left out.

func (w *writer) textMember(key string, s []byte) {
	if len(s) > 0 {
		w.label(key)
		w.quoted(s)
	}
}

func (w *writer) hexMember(key string, id []byte) {
	if len(id) > 0 {
		w.label(key)
		w.buf = append(hex.AppendEncode(append(w.buf, '"'), id), '"')
	}
}

func (w *writer) uintMember(key string, v uint64) {
	if v != 0 {
		w.label(key)
		w.buf = strconv.AppendUint(w.buf, v, 10)
	}
}

func (w *writer) intMember(key string, v int64) {
	if v != 0 {
		w.label(key)
		w.buf = strconv.AppendInt(w.buf, v, 10)
	}
}

// memberOf returns what counts in an encoded AnyValue, or 0 if it is empty.
func memberOf(b []byte) (number int, v wire.Value) {
	for n, last := range wire.Values(b) {
		number, v = n, last
	}
	return number, v
}

// any writes an encoded AnyValue.
func (w *writer) any(b []byte) {
	number, v := memberOf(b)
	switch number {
	case 0:
		w.buf = append(w.buf, "null"...)
	case anyString:
		w.quoted(v.Data)
	case anyBool:
		w.buf = strconv.AppendBool(w.buf, v.Bits != 0)
	case anyInt:
		w.buf = strconv.AppendInt(w.buf, int64(v.Bits), 10)
	case anyDouble:
		w.double(v.Double())
	case anyArray:
		w.array(v.Data)
	case anyObject:
		w.object(v.Data, listValues)
	case anyBytes:
		w.lossy = true
		w.buf = append(base64.StdEncoding.AppendEncode(append(w.buf, '"'), v.Data), '"')
	default:
		w.lossy = true
		w.buf = append(w.buf, "null"...)
	}
}

// mostElements is how many elements of a list, or members of an object, are in a column. On the wire one takes
// two bytes or a single one, which is far less than in memory, and PostgreSQL takes no more than 2^24.
const mostElements = 1 << 16

// full reports whether a list or object that has so many elements gets no further one.
func (w *writer) full(elements int) bool {
	if elements < mostElements {
		return false
	}
	w.lossy = true
	return true
}

// array writes an encoded ArrayValue.
func (w *writer) array(b []byte) {
	elements := 0
	w.buf = append(w.buf, '[')
	for n, v := range wire.Values(b) {
		if n != listValues {
			continue
		}
		if w.full(elements) {
			break
		}
		elements++
		w.separate()
		w.any(v.Data)
	}
	w.buf = append(w.buf, ']')
}

// Doubles of this size and more, and below the smallest but zero, need an exponent. jsonb
// writes them without one, so that large ones read as integers.
const (
	largeDouble = 1e15
	smallDouble = 1e-6
)

// double writes a double so that it can be told from an integer. What has no such
// form is written as a number that is near, or as the name that it has in OTLP/JSON.
func (w *writer) double(v float64) {
	abs := math.Abs(v)
	if abs >= smallDouble && abs < largeDouble || v == 0 && !math.Signbit(v) {
		w.decimal(v)
		return
	}
	w.lossy = true
	w.number(v)
}

// number writes a double where no integer can stand: then only NaN, of which there are
// many, and the sign of zero are lost.
func (w *writer) number(v float64) {
	abs := math.Abs(v)
	switch {
	case math.IsNaN(v):
		w.lossy = true
		w.buf = append(w.buf, `"NaN"`...)
	case math.IsInf(v, 1):
		w.buf = append(w.buf, `"Infinity"`...)
	case math.IsInf(v, -1):
		w.buf = append(w.buf, `"-Infinity"`...)
	case v == 0:
		w.lossy = w.lossy || math.Signbit(v)
		w.buf = append(w.buf, "0.0"...)
	case abs >= largeDouble || abs < smallDouble:
		w.buf = strconv.AppendFloat(w.buf, v, 'e', -1, 64)
	default:
		w.decimal(v)
	}
}

// decimal writes a finite double with a decimal point.
func (w *writer) decimal(v float64) {
	from := len(w.buf)
	w.buf = strconv.AppendFloat(w.buf, v, 'f', -1, 64)
	if bytes.IndexByte(w.buf[from:], '.') < 0 {
		w.buf = append(w.buf, ".0"...)
	}
}
