package debug

import (
	"iter"

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

// members walks over the fields of b that the message has by OTLP's schema.
func members(id wire.MessageID, b []byte) iter.Seq2[*wire.Field, wire.Value] {
	return func(yield func(*wire.Field, wire.Value) bool) {
		for number, v := range wire.Values(b) {
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
		for n, v := range wire.Values(b) {
			if n == number && v.Type == wire.TypeBytes && !yield(v.Data) {
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
			if key, val := pair(v.Data); string(key) == "service.name" {
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
			key = v.Data
		case "value":
			val = v.Data
		}
	}
	return key, val
}

// text returns the text of an encoded AnyValue, or nil.
func text(b []byte) []byte {
	for f, v := range members(wire.AnyValue, b) {
		if f.Name == "stringValue" {
			return v.Data
		}
	}
	return nil
}
