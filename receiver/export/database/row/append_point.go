package row

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// AppendPoint is AppendSpan for a data point of the row's kind.
func AppendPoint(dst []byte, p *Point) ([]byte, error) {
	if p.Raw != nil {
		return append(dst, p.Raw...), nil
	}
	out, err := appendPoint(dst, p)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func appendPoint(dst []byte, p *Point) ([]byte, error) {
	l := layoutOf(p.Kind)
	dst = appendFixed64(dst, pointStart, p.Start)
	dst = appendFixed64(dst, pointTime, p.TimeRaw)
	dst = appendNumbers(dst, &l, p)
	dst, err := appendDetail(dst, p.Kind, p.Detail)
	if err != nil {
		return nil, fmt.Errorf("detail: %w", err)
	}
	if dst, err = appendExemplars(dst, protowire.Number(l.exemplars), p.Exemplars); err != nil {
		return nil, fmt.Errorf("exemplars: %w", err)
	}
	if dst, err = appendAttributes(dst, protowire.Number(l.attributes), p.Attributes); err != nil {
		return nil, err
	}
	return appendUint(dst, protowire.Number(l.flags), uint64(p.Flags)), nil
}

// appendNumbers appends the columns of numbers that the kind has.
func appendNumbers(dst []byte, l *layout, p *Point) []byte {
	if l.count == 0 {
		dst = appendDouble(dst, protowire.Number(l.double), p.Value)
		if p.ValueInt != nil {
			dst = appendPresent64(dst, protowire.Number(l.integer), uint64(*p.ValueInt))
		}
		return dst
	}
	if p.Count != nil {
		dst = appendFixed64(dst, protowire.Number(l.count), *p.Count)
	}
	if p.Sum != nil && (*p.Sum != 0 || !l.needsSum) {
		dst = appendDouble(dst, protowire.Number(l.sum), p.Sum)
	}
	if l.minimum != 0 {
		dst = appendDouble(dst, protowire.Number(l.minimum), p.Min)
		dst = appendDouble(dst, protowire.Number(l.maximum), p.Max)
	}
	return dst
}

// exemplarObject is an element of the column exemplars.
type exemplarObject struct {
	Time       uint64          `json:"time_unix_nano"`
	Value      json.Number     `json:"value"`
	TraceID    identifier      `json:"trace_id"`
	SpanID     identifier      `json:"span_id"`
	Attributes json.RawMessage `json:"attributes"`
}

func appendExemplars(dst []byte, number protowire.Number, exemplars JSON) ([]byte, error) {
	all, err := objects[exemplarObject](exemplars)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		var start int
		dst, start = open(dst, number)
		dst = appendFixed64(dst, exemplarTime, e.Time)
		if dst, err = appendExemplarValue(dst, e.Value); err != nil {
			return nil, err
		}
		dst = appendBytes(dst, exemplarSpanID, e.SpanID)
		dst = appendBytes(dst, exemplarTraceID, e.TraceID)
		if dst, err = appendAttributes(dst, exemplarAttributes, JSON(e.Attributes)); err != nil {
			return nil, err
		}
		dst = closed(dst, start)
	}
	return dst, nil
}

func appendExemplarValue(dst []byte, n json.Number) ([]byte, error) {
	if n == "" {
		return dst, nil
	}
	if isInteger(n) {
		v, err := n.Int64()
		return appendPresent64(dst, exemplarInt, uint64(v)), err
	}
	v, err := n.Float64()
	return appendDouble(dst, exemplarDouble, &v), err
}
