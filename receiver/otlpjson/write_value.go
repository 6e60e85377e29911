package otlpjson

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// value appends one value, or the elements of a packed list without the brackets.
func (e *encoder) value(dst []byte, m *message, f *field, body []byte, v value) []byte {
	data := body[v.from:v.to]
	if f.repeated {
		if f.packed && v.typ == wire.TypeBytes {
			return e.list(dst, m, f, data)
		}
		dst = separate(dst)
	}
	switch f.kind {
	case wire.Message:
		if f.child.id == wire.KeyValue && e.depth < wire.MaxDepth {
			if out, ok := attribute(dst, data); ok {
				return out
			}
		}
		return e.message(dst, f.child, data)
	case wire.String:
		dst, valid := AppendQuoted(dst, data)
		if !valid {
			e.fail(m, f, "string is not valid UTF-8")
		}
		return dst
	case wire.ID16, wire.ID8:
		return append(hex.AppendEncode(append(dst, '"'), data), '"')
	case wire.Bytes:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), data), '"')
	default:
		bits, _ := scalarAt(data, 0, v.typ)
		return appendScalar(dst, f.kind, bits)
	}
}

// list appends the elements of a packed list.
func (e *encoder) list(dst []byte, m *message, f *field, data []byte) []byte {
	for p := 0; p < len(data); {
		var bits uint64
		if bits, p = scalarAt(data, p, f.typ); p < 0 {
			e.fail(m, f, "malformed list")
			return dst
		}
		dst = appendScalar(separate(dst), f.kind, bits)
	}
	return dst
}

// appendScalar appends a number or boolean, of which the wire holds the bits.
func appendScalar(dst []byte, kind wire.Kind, bits uint64) []byte {
	switch kind {
	case wire.Bool:
		return strconv.AppendBool(dst, bits != 0)
	case wire.Int32, wire.Enum:
		return strconv.AppendInt(dst, int64(int32(bits)), 10)
	case wire.Sint32:
		u := uint32(bits)
		return strconv.AppendInt(dst, int64(int32(u>>1)^-int32(u&1)), 10)
	case wire.Uint32, wire.Fixed32:
		return strconv.AppendUint(dst, uint64(uint32(bits)), 10)
	case wire.Double:
		return appendDouble(dst, math.Float64frombits(bits))
	case wire.Int64, wire.Sfixed64:
		return append(strconv.AppendInt(append(dst, '"'), int64(bits), 10), '"')
	default: // Uint64, Fixed64
		return append(strconv.AppendUint(append(dst, '"'), bits, 10), '"')
	}
}

// appendDouble appends the shortest number that reads back as v, with an exponent
// where ECMAScript writes one.
func appendDouble(dst []byte, v float64) []byte {
	switch abs := math.Abs(v); {
	case math.IsNaN(v):
		return append(dst, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Infinity"`...)
	case abs != 0 && (abs < 1e-6 || abs >= 1e21):
		return strconv.AppendFloat(dst, v, 'e', -1, 64)
	default:
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	}
}

// AppendQuoted appends the text as a JSON string. It reports whether the text is
// valid UTF-8.
func AppendQuoted(dst, text []byte) ([]byte, bool) {
	dst = append(dst, '"')
	valid := true
	for {
		end, ascii := plain(text, 0)
		valid = valid && (ascii || utf8.Valid(text[:end]))
		dst = append(dst, text[:end]...)
		if end == len(text) {
			return append(dst, '"'), valid
		}
		dst = appendEscape(dst, text[end])
		text = text[end+1:]
	}
}

// appendEscape appends the escape sequence of a quote, backslash or control character.
func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
}
