package debug

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// detailed prints the line of basic and below it every field of the batch, in the
// order of the wire and under its name in OTLP/JSON:
//
//	14:13:20  traces   1 span   1 resource   orders
//	  resourceSpans[0]
//	    resource
//	      attributes
//	        service.name: "orders"
func (p *printer) detailed(b *pipeline.Batch) {
	p.basic(b)
	seen := map[int]int{}
	for _, part := range b.Parts {
		p.message(b.Signal.Request(), part.Data.ReadOnlyData(), 1, seen)
	}
}

// message prints the fields of one message. seen counts the elements of each
// repeated field, by number.
func (p *printer) message(id wire.MessageID, b []byte, depth int, seen map[int]int) {
	attributes := 0 // the field whose heading was printed last
	for number, v := range wire.Values(b) {
		f := lookup(id, number)
		switch {
		case f == nil:
			p.line(depth, "unknown field "+strconv.Itoa(number))
		case f.Message == wire.KeyValue:
			if attributes != number {
				p.line(depth, f.Name)
				attributes = number
			}
			p.attribute(v.Data, depth+1)
		case f.Kind == wire.Message && f.Message != wire.AnyValue:
			p.line(depth, indexed(f, seen))
			p.message(f.Message, v.Data, depth+1, map[int]int{})
		default:
			p.indent(depth)
			p.buf = appendField(append(append(p.buf, f.Name...), ": "...), f, v)
			p.endLine()
		}
	}
}

// attribute prints a KeyValue.
func (p *printer) attribute(b []byte, depth int) {
	key, val := pair(b)
	p.indent(depth)
	p.buf = appendAny(append(appendText(p.buf, key), ": "...), val)
	p.endLine()
}

func (p *printer) line(depth int, text string) {
	p.indent(depth)
	p.buf = append(p.buf, text...)
	p.endLine()
}

func (p *printer) indent(depth int) {
	for range depth {
		p.buf = append(p.buf, "  "...)
	}
}

// indexed names a submessage: "status" or "spans[3]".
func indexed(f *wire.Field, seen map[int]int) string {
	if f.Label != wire.Repeated {
		return f.Name
	}
	i := seen[int(f.Number)]
	seen[int(f.Number)] = i + 1
	return fmt.Sprintf("%s[%d]", f.Name, i)
}

// appendField appends the value of a field that is no message of its own.
func appendField(dst []byte, f *wire.Field, v wire.Value) []byte {
	switch {
	case f.Kind == wire.Message:
		return appendAny(dst, v.Data)
	case f.Kind == wire.String:
		return appendQuoted(dst, v.Data)
	case f.Kind == wire.ID16 || f.Kind == wire.ID8:
		return hex.AppendEncode(dst, v.Data)
	case f.Kind == wire.Bytes:
		return base64.StdEncoding.AppendEncode(append(dst, "base64:"...), v.Data)
	case v.Type == wire.TypeBytes:
		return appendPacked(dst, f, v)
	}
	return appendNumber(dst, f, v.Bits)
}

// appendPacked appends the elements of a packed list.
func appendPacked(dst []byte, f *wire.Field, v wire.Value) []byte {
	dst = append(dst, '[')
	for bits := range v.Numbers(f.Kind.Type()) {
		dst = appendNumber(comma(dst, '['), f, bits)
	}
	return append(dst, ']')
}

// appendNumber appends a number in the way that suits the field.
func appendNumber(dst []byte, f *wire.Field, bits uint64) []byte {
	switch f.Kind {
	case wire.Bool:
		return strconv.AppendBool(dst, bits != 0)
	case wire.Double:
		return appendDouble(dst, wire.Value{Bits: bits}.Double())
	case wire.Enum:
		return fmt.Appendf(dst, "%s (%d)", enum(f.Name, bits), int32(bits))
	case wire.Sint32:
		return strconv.AppendInt(dst, protowire.DecodeZigZag(bits&(1<<32-1)), 10)
	case wire.Int32, wire.Int64, wire.Sfixed64:
		return strconv.AppendInt(dst, int64(bits), 10)
	case wire.Uint32:
		return strconv.AppendUint(dst, uint64(uint32(bits)), 10)
	}
	if f.Kind == wire.Fixed64 && strings.HasSuffix(f.Name, "UnixNano") && bits != 0 {
		return moment(bits).UTC().AppendFormat(dst, time.RFC3339Nano)
	}
	return strconv.AppendUint(dst, bits, 10)
}
