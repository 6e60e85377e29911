package wire

import "encoding/binary"

// AppendPartialSuccess appends the encoding of the signal's Export…ServiceResponse
// with the given number of rejected items and an English message. With neither it
// appends nothing: full success leaves partial_success unset (OTLP specification, "Full Success").
func AppendPartialSuccess(dst []byte, rejected int64, message string) []byte {
	if rejected == 0 && message == "" {
		return dst
	}
	var body []byte
	if rejected != 0 {
		body = binary.AppendUvarint(append(body, 1<<3|byte(TypeVarint)), uint64(rejected))
	}
	if message != "" {
		body = binary.AppendUvarint(append(body, 2<<3|byte(TypeBytes)), uint64(len(message)))
		body = append(body, message...)
	}
	dst = binary.AppendUvarint(append(dst, 1<<3|byte(TypeBytes)), uint64(len(body)))
	return append(dst, body...)
}

// PartialSuccess reads the rejected items and the message of an
// Export…ServiceResponse of any signal. ok is false if b is not such a message.
func PartialSuccess(b []byte) (rejected int64, message string, ok bool) {
	pos := 0
	for pos < len(b) {
		f, good := nextField(b, pos)
		if !good {
			return 0, "", false
		}
		pos = f.end
		if f.number != 1 || f.t != TypeBytes {
			continue
		}
		for at := f.value; at < f.end; {
			g, good := nextField(b[:f.end], at)
			if !good {
				return 0, "", false
			}
			at = g.end
			switch {
			case g.number == 1 && g.t == TypeVarint:
				v, _ := binary.Uvarint(b[g.value:])
				rejected = int64(v)
			case g.number == 2 && g.t == TypeBytes:
				message = string(b[g.value:g.end])
			}
		}
	}
	return rejected, message, true
}
