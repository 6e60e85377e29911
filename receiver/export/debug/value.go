package debug

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// appendAny appends an encoded AnyValue on one line: "text", 17, 0.5, true,
// ["a", 2], {key: "value"}, bytes in base64, or nothing at all as "empty".
func appendAny(dst, b []byte) []byte {
	start := len(dst)
	for f, v := range members(wire.AnyValue, b) {
		dst = dst[:start] // the last member of a oneof counts
		switch f.Name {
		case "stringValue":
			dst = appendQuoted(dst, v.Data)
		case "boolValue":
			dst = strconv.AppendBool(dst, v.Bits != 0)
		case "intValue":
			dst = strconv.AppendInt(dst, int64(v.Bits), 10)
		case "doubleValue":
			dst = appendDouble(dst, v.Double())
		case "bytesValue":
			dst = base64.StdEncoding.AppendEncode(append(dst, "base64:"...), v.Data)
		case "arrayValue":
			dst = append(dst, '[')
			for element := range submessages(v.Data, 1) {
				dst = appendAny(comma(dst, '['), element)
			}
			dst = append(dst, ']')
		case "kvlistValue":
			dst = append(dst, '{')
			for element := range submessages(v.Data, 1) {
				key, val := pair(element)
				dst = appendAny(append(appendText(comma(dst, '{'), key), ": "...), val)
			}
			dst = append(dst, '}')
		default: // an index into the dictionary of a profile
			dst = strconv.AppendInt(append(dst, '#'), int64(v.Bits), 10)
		}
	}
	if len(dst) == start {
		return append(dst, "empty"...)
	}
	return dst
}

// word reports whether text can stand without quotes.
func word(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\' {
			return false
		}
	}
	return len(text) > 0
}

// comma separates an element from the one before it, if there is one.
func comma(dst []byte, open byte) []byte {
	if dst[len(dst)-1] == open {
		return dst
	}
	return append(dst, ", "...)
}

// appendDouble appends a number that cannot be taken for an integer.
func appendDouble(dst []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendFloat(dst, v, 'f', 1, 64)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64)
}

// appendShort appends a duration with three digits or so: "1.23ms".
func appendShort(dst []byte, d time.Duration) []byte {
	if d < 0 {
		dst, d = append(dst, '-'), -d
	}
	unit, name := time.Nanosecond, "ns"
	switch {
	case d >= time.Minute:
		return append(dst, d.Round(time.Second).String()...)
	case d >= time.Second:
		unit, name = time.Second, "s"
	case d >= time.Millisecond:
		unit, name = time.Millisecond, "ms"
	case d >= time.Microsecond:
		unit, name = time.Microsecond, "µs"
	}
	return append(strconv.AppendFloat(dst, float64(d)/float64(unit), 'g', 3, 64), name...)
}

// moment returns the time that OTLP writes as nanoseconds since the Unix epoch.
func moment(nanos uint64) time.Time { return time.Unix(0, int64(nanos)) }

// enum returns the name of a value, as far as this exporter knows it.
func enum(field string, v uint64) string {
	var names []string
	switch field {
	case "kind":
		names = []string{"unspecified", "internal", "server", "client", "producer", "consumer"}
	case "code":
		names = []string{"unset", "ok", "error"}
	case "aggregationTemporality":
		names = []string{"unspecified", "delta", "cumulative"}
	case "severityNumber":
		return severity(v)
	}
	if v < uint64(len(names)) {
		return names[v]
	}
	return strconv.FormatInt(int64(int32(v)), 10)
}

// severity returns the short name of a severity number: INFO, DEBUG2.
func severity(v uint64) string {
	if v < 1 || v > 24 {
		return strconv.FormatInt(int64(int32(v)), 10)
	}
	name := []string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}[(v-1)/4]
	if step := (v - 1) % 4; step > 0 {
		name += strconv.FormatUint(step+1, 10)
	}
	return name
}
