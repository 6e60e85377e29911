package debug

import (
	"iter"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The signals have their shape in common: a request holds resources, those hold
// scopes, and those hold the items, or the metrics that hold the items.
const (
	fieldResources = 1 // of a request
	fieldResource  = 1 // of an element of the above
	fieldScopes    = 2
	fieldEntries   = 2 // of an element of the above
)

// value is the value of a field as it stands on the wire.
type value struct {
	typ  protowire.Type
	bits uint64 // of a number
	data []byte // of anything with a length
}

func (v value) double() float64 { return math.Float64frombits(v.bits) }

// fields walks over the fields of an encoded message, by number. It stops where
// the message is malformed; what reaches an exporter was validated before.
func fields(b []byte) iter.Seq2[int, value] {
	return func(yield func(int, value) bool) {
		for len(b) > 0 {
			number, v, n := nextField(b)
			if n < 0 || !yield(number, v) {
				return
			}
			b = b[n:]
		}
	}
}

// nextField reads the first field of b and returns its length, or a negative number.
func nextField(b []byte) (number int, v value, length int) {
	num, typ, head := protowire.ConsumeTag(b)
	if head < 0 {
		return 0, value{}, head
	}
	var n int
	if typ == protowire.StartGroupType {
		n = protowire.ConsumeFieldValue(num, typ, b[head:])
	} else {
		v, n = nextValue(typ, b[head:])
	}
	if n < 0 {
		return 0, value{}, n
	}
	return int(num), v, head + n
}

// nextValue reads a value that is no group.
func nextValue(typ protowire.Type, b []byte) (value, int) {
	v, length := value{typ: typ}, -1
	switch typ {
	case protowire.VarintType:
		v.bits, length = protowire.ConsumeVarint(b)
	case protowire.Fixed64Type:
		v.bits, length = protowire.ConsumeFixed64(b)
	case protowire.Fixed32Type:
		var bits uint32
		bits, length = protowire.ConsumeFixed32(b)
		v.bits = uint64(bits)
	case protowire.BytesType:
		v.data, length = protowire.ConsumeBytes(b)
	}
	return v, length
}

// members walks over the fields of b that the message has by OTLP's schema.
func members(id wire.MessageID, b []byte) iter.Seq2[*wire.Field, value] {
	return func(yield func(*wire.Field, value) bool) {
		for number, v := range fields(b) {
			if f := lookup(id, number); f != nil && !yield(f, v) {
				return
			}
		}
	}
}

// lookup returns the message's field with the number, or nil.
func lookup(id wire.MessageID, number int) *wire.Field {
	known := id.Fields()
	for i := range known {
		if int(known[i].Number) == number {
			return &known[i]
		}
	}
	return nil
}

// submessages walks over the fields of b that have the number and a length.
func submessages(b []byte, number int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for n, v := range fields(b) {
			if n == number && v.typ == protowire.BytesType && !yield(v.data) {
				return
			}
		}
	}
}

// resources walks over the resources in all parts of a batch, with what they hold.
func resources(b *pipeline.Batch) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, part := range b.Parts {
			for m := range submessages(part.Data.ReadOnlyData(), fieldResources) {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// service returns the service.name of a resource with what it holds, or nil.
func service(resource []byte) []byte {
	var name []byte
	for attributes := range submessages(resource, fieldResource) {
		for f, v := range members(wire.Resource, attributes) {
			if f.Name != "attributes" {
				continue
			}
			if key, val := pair(v.data); string(key) == "service.name" {
				name = text(val)
			}
		}
	}
	return name
}

// pair takes an encoded KeyValue apart. The value is an encoded AnyValue.
func pair(b []byte) (key, val []byte) {
	for f, v := range members(wire.KeyValue, b) {
		switch f.Name {
		case "key":
			key = v.data
		case "value":
			val = v.data
		}
	}
	return key, val
}

// text returns the text of an encoded AnyValue, or nil.
func text(b []byte) []byte {
	for f, v := range members(wire.AnyValue, b) {
		if f.Name == "stringValue" {
			return v.data
		}
	}
	return nil
}
