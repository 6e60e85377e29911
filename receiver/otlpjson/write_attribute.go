package otlpjson

import "strconv"

// attribute is message for a KeyValue as encoders write nearly all of them: a
// key and a string or an integer, each shorter than 128 bytes. (The Collector
// writes the value first.) It returns false, and dst as it was, if body is
// anything else. It makes a trace twice as fast to write.
func attribute(dst, body []byte) ([]byte, bool) {
	key, value, ok := keyAndValue(body)
	if !ok || len(key) == 0 || len(value) < 2 {
		return dst, false
	}
	start := len(dst)
	dst, valid := AppendQuoted(append(dst, `{"key":`...), key)
	switch {
	case value[0] == 0x0a && int(value[1]) == len(value)-2 && value[1] < 0x80:
		var ok bool
		dst, ok = AppendQuoted(append(dst, `,"value":{"stringValue":`...), value[2:])
		valid = valid && ok
		dst = append(dst, `}}`...)
	case value[0] == 0x18:
		number, end := varint(value, 1)
		valid = valid && end == len(value)
		dst = append(dst, `,"value":{"intValue":"`...)
		dst = strconv.AppendInt(dst, int64(number), 10)
		dst = append(dst, `"}}`...)
	default:
		valid = false
	}
	if !valid {
		return dst[:start], false
	}
	return dst, true
}

// keyAndValue takes apart a KeyValue that holds these two fields only, in either
// order, with lengths of one byte.
func keyAndValue(body []byte) (key, value []byte, ok bool) {
	if len(body) < 4 || body[1] >= 0x80 || len(body) < 4+int(body[1]) {
		return nil, nil, false
	}
	first, second := body[2:2+body[1]], body[2+body[1]:]
	if second[1] >= 0x80 || int(second[1]) != len(second)-2 {
		return nil, nil, false
	}
	switch {
	case body[0] == 0x0a && second[0] == 0x12:
		return first, second[2:], true
	case body[0] == 0x12 && second[0] == 0x0a:
		return second[2:], first, true
	default:
		return nil, nil, false
	}
}
