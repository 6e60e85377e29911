// Package wirecount counts the items of an encoded export request by walking lengths only, so that a benchmark's sink
// can check that everything arrived and still cost little. It trusts its input.
package wirecount

import (
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

var errMalformed = errors.New("malformed protobuf message")

// fields is a set of field numbers below 64.
type fields uint64

func set(numbers ...uint) fields {
	var f fields
	for _, n := range numbers {
		f |= 1 << n
	}
	return f
}

// pathTo lists the fields that lead from a request to its items. A metric holds one of five kinds of data.
func pathTo(s signal.Signal) []fields {
	if s == signal.Metrics {
		return []fields{set(1), set(2), set(2), set(5, 7, 9, 10, 11), set(1)}
	}
	return []fields{set(1), set(2), set(2)}
}

// Counter counts the items of one signal. The zero value is not usable; see New.
type Counter struct{ path []fields }

// New returns a counter for a signal. It may be used by several goroutines.
func New(s signal.Signal) Counter { return Counter{path: pathTo(s)} }

// Count returns the number of spans, data points or log records in an encoded request.
func (c Counter) Count(request []byte) (int, error) { return count(request, c.path) }

func count(b []byte, path []fields) (int, error) {
	total := 0
	for len(b) > 0 {
		tag, n := varint(b)
		if n <= 0 {
			return 0, errMalformed
		}
		b = b[n:]
		if tag&7 != uint64(protowire.BytesType) {
			n = protowire.ConsumeFieldValue(protowire.Number(tag>>3), protowire.Type(tag&7), b)
			if n < 0 {
				return 0, errMalformed
			}
			b = b[n:]
			continue
		}
		size, n := varint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return 0, errMalformed
		}
		value := b[n : n+int(size)]
		b = b[n+int(size):]
		if tag>>3 >= 64 || path[0]&(1<<(tag>>3)) == 0 {
			continue
		}
		if len(path) == 1 {
			total++
			continue
		}
		inner, err := count(value, path[1:])
		if err != nil {
			return 0, err
		}
		total += inner
	}
	return total, nil
}

// varint is binary.Uvarint with a fast path for one byte.
func varint(b []byte) (uint64, int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	return binary.Uvarint(b)
}
