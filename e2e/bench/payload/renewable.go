package payload

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Renewable is a set of requests that are others each time they are sent: their identifiers and their times are written
// anew, at places that are known beforehand. What belongs together, and how long it took, stays. It may be used by
// several goroutines.
type Renewable struct {
	requests []template
	latest   uint64 // of all times in the requests, in Unix nanoseconds
}

// template is an encoded request, and where in it to write.
type template struct {
	body        []byte
	times       []int // offsets of little-endian Unix nanoseconds
	identifiers []int // offsets of 8 bytes each: a trace ID has two
}

// NewRenewable returns n different requests of a shape, which is plain protobuf.
func NewRenewable(shape Shape, n int) (*Renewable, error) {
	if shape.JSON || shape.Gzip {
		return nil, errors.New("payload: only plain protobuf can be renewed")
	}
	bodies, err := Encode(shape, n)
	if err != nil {
		return nil, err
	}
	r := &Renewable{requests: make([]template, n)}
	for i, body := range bodies {
		t := template{body: body}
		if err := t.find(0, len(body), shape.Signal.NewRequest().ProtoReflect().Descriptor()); err != nil {
			return nil, fmt.Errorf("payload: find what to renew in %s: %w", shape.Signal, err)
		}
		for _, at := range t.times {
			r.latest = max(r.latest, binary.LittleEndian.Uint64(body[at:]))
		}
		r.requests[i] = t
	}
	return r, nil
}

// find notes the places between two offsets, where a message of that type is.
func (t *template) find(from, to int, message protoreflect.MessageDescriptor) error {
	for at := from; at < to; {
		number, wireType, n := protowire.ConsumeTag(t.body[at:to])
		if n < 0 {
			return protowire.ParseError(n)
		}
		at += n
		n = protowire.ConsumeFieldValue(number, wireType, t.body[at:to])
		if n < 0 {
			return protowire.ParseError(n)
		}
		end := at + n
		if wireType == protowire.BytesType {
			_, prefix := protowire.ConsumeVarint(t.body[at:end])
			at += prefix
		}
		if field := message.Fields().ByNumber(number); field != nil {
			if err := t.note(at, end, field); err != nil {
				return err
			}
		}
		at = end
	}
	return nil
}

func (t *template) note(from, to int, field protoreflect.FieldDescriptor) error {
	switch name := string(field.Name()); {
	case field.Kind() == protoreflect.MessageKind:
		return t.find(from, to, field.Message())
	case field.Kind() == protoreflect.Fixed64Kind && strings.HasSuffix(name, "time_unix_nano"):
		t.times = append(t.times, from)
	case field.Kind() == protoreflect.BytesKind && (strings.HasSuffix(name, "trace_id") || strings.HasSuffix(name, "span_id")):
		for ; from < to; from += 8 {
			t.identifiers = append(t.identifiers, from)
		}
	}
	return nil
}

// Append appends a request to dst. Its identifiers are those of no other number, and no time in it is after latest.
func (r *Renewable) Append(dst []byte, number int, latest time.Time) []byte {
	t := &r.requests[number%len(r.requests)]
	from := len(dst)
	dst = append(dst, t.body...)
	body := dst[from:]
	later := uint64(latest.UnixNano()) - r.latest // modulo 2^64
	for _, at := range t.times {
		binary.LittleEndian.PutUint64(body[at:], binary.LittleEndian.Uint64(body[at:])+later)
	}
	const odd = 0x9e3779b97f4a7c15 // so that no two numbers have the same product
	mask := uint64(number) * odd
	for _, at := range t.identifiers {
		binary.LittleEndian.PutUint64(body[at:], binary.LittleEndian.Uint64(body[at:])^mask)
	}
	return dst
}
