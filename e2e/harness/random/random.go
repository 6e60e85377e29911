// Package random makes random but well-formed OTLP requests from the official generated types, by reflection, so that
// every field of every message turns up without a list of them.
package random

import (
	"math"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	maxRepeated = 3
	// maxDepth counts messages below the request; attribute values may nest until there.
	maxDepth = 14
)

// Request returns a request for a seed. Identifiers have the right length and are never all zero, enums have known
// values, and strings are valid UTF-8 with characters of every length.
func Request(sig signal.Signal, seed uint64) proto.Message {
	m := sig.NewRequest()
	g := generator{rand.New(rand.NewPCG(seed, uint64(sig)))}
	g.fill(m.ProtoReflect(), 0)
	return m
}

type generator struct{ *rand.Rand }

func (g generator) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.ContainingOneof() == nil || f.HasOptionalKeyword() {
			g.field(m, f, depth)
		}
	}
	oneofs := m.Descriptor().Oneofs()
	for i := range oneofs.Len() {
		if o := oneofs.Get(i); !o.IsSynthetic() && g.IntN(8) > 0 {
			g.field(m, o.Fields().Get(g.IntN(o.Fields().Len())), depth)
		}
	}
}

func (g generator) field(m protoreflect.Message, f protoreflect.FieldDescriptor, depth int) {
	switch {
	case f.IsList():
		if f.Message() != nil && depth >= maxDepth {
			return
		}
		list := m.Mutable(f).List()
		for range g.IntN(maxRepeated + 1) {
			if f.Message() != nil {
				g.fill(list.AppendMutable().Message(), depth+1)
			} else {
				list.Append(g.scalar(f))
			}
		}
	case f.Message() != nil:
		if depth < maxDepth && (depth < 4 || g.IntN(3) > 0) {
			g.fill(m.Mutable(f).Message(), depth+1)
		}
	case mandatory(f) || g.IntN(3) > 0:
		m.Set(f, g.scalar(f))
	}
}

// mandatory names the fields without which an item is invalid. A parent and the ids of a log record may be absent.
func mandatory(f protoreflect.FieldDescriptor) bool {
	switch f.Parent().Name() {
	case "Span", "Link":
		return f.Name() == "trace_id" || f.Name() == "span_id"
	}
	return false
}

func (g generator) scalar(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(g.IntN(2) == 0)
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(g.IntN(values.Len())).Number())
	case protoreflect.Int32Kind, protoreflect.Sint32Kind:
		return protoreflect.ValueOfInt32(int32(g.bits()))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(g.bits()))
	case protoreflect.Int64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(int64(g.bits()))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(g.bits())
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(g.double())
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(g.bytes(f))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(g.text())
	}
	panic("no generator for a field of kind " + f.Kind().String())
}

// bits returns numbers of every length, the extremes included.
func (g generator) bits() uint64 {
	switch g.IntN(8) {
	case 0:
		return 0
	case 1:
		return math.MaxUint64
	default:
		return g.Uint64() >> g.IntN(64)
	}
}

func (g generator) double() float64 {
	switch g.IntN(10) {
	case 0:
		return math.NaN()
	case 1:
		return math.Inf(1)
	case 2:
		return math.Inf(-1)
	case 3:
		return math.SmallestNonzeroFloat64
	case 4:
		return -math.MaxFloat64
	case 5:
		return math.Copysign(0, -1)
	case 6:
		return float64(g.IntN(1000))
	default:
		return g.NormFloat64() * math.Pow(10, float64(g.IntN(40)-20))
	}
}

func (g generator) bytes(f protoreflect.FieldDescriptor) []byte {
	n := g.IntN(20)
	switch f.Name() {
	case "trace_id":
		n = 16
	case "span_id", "parent_span_id":
		n = 8
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(1 + g.IntN(255))
	}
	return b
}

func (g generator) text() string {
	alphabet := []rune("ab/.\"\\<>&'\t\n\r\b\f\x00\x1f\x7fäßé漢字\u2028\u2029\uffff\U0001f600\U0010ffff")
	out := make([]rune, g.IntN(12))
	for i := range out {
		out[i] = alphabet[g.IntN(len(alphabet))]
	}
	return string(out)
}
