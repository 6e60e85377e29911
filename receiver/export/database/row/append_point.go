package row

import (
	"encoding/json"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// AppendPoint is AppendSpan for a data point of the row's kind.
func AppendPoint(dst []byte, p *Point) ([]byte, error) {
	if p.Raw != nil {
		return append(dst, p.Raw...), nil
	}
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

// detailObject is the column detail of every kind.
type detailObject struct {
	Bounds  []double `json:"bounds"`
	Buckets []uint64 `json:"buckets"`

	Scale         int32          `json:"scale"`
	ZeroCount     uint64         `json:"zero_count"`
	ZeroThreshold double         `json:"zero_threshold"`
	Positive      *bucketsObject `json:"positive"`
	Negative      *bucketsObject `json:"negative"`

	Quantiles [][2]double `json:"quantiles"`
}

type bucketsObject struct {
	Offset  int32    `json:"offset"`
	Buckets []uint64 `json:"buckets"`
}

// double is a number, or the name of what JSON has no number for.
type double float64

// UnmarshalJSON implements json.Unmarshaler.
func (d *double) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"NaN"`:
		*d = double(math.NaN())
	case `"Infinity"`:
		*d = double(math.Inf(1))
	case `"-Infinity"`:
		*d = double(math.Inf(-1))
	default:
		return json.Unmarshal(text, (*float64)(d))
	}
	return nil
}

func appendDetail(dst []byte, kind Kind, detail JSON) ([]byte, error) {
	if len(detail) == 0 {
		return dst, nil
	}
	var d detailObject
	if err := json.Unmarshal(detail, &d); err != nil {
		return nil, err
	}
	switch kind {
	case Histogram:
		dst = appendHistogram(dst, &d)
	case ExponentialHistogram:
		dst = appendExponential(dst, &d)
	case Summary:
		dst = appendQuantiles(dst, d.Quantiles)
	}
	return dst, nil
}

func appendHistogram(dst []byte, d *detailObject) []byte {
	if len(d.Buckets) > 0 {
		var start int
		dst, start = open(dst, histogramBuckets)
		for _, count := range d.Buckets {
			dst = protowire.AppendFixed64(dst, count)
		}
		dst = closed(dst, start)
	}
	if len(d.Bounds) > 0 {
		var start int
		dst, start = open(dst, histogramBounds)
		for _, bound := range d.Bounds {
			dst = protowire.AppendFixed64(dst, math.Float64bits(float64(bound)))
		}
		dst = closed(dst, start)
	}
	return dst
}

func appendExponential(dst []byte, d *detailObject) []byte {
	dst = appendSint(dst, exponentialScale, d.Scale)
	dst = appendFixed64(dst, exponentialZeroCount, d.ZeroCount)
	dst = appendBuckets(dst, exponentialPositive, d.Positive)
	dst = appendBuckets(dst, exponentialNegative, d.Negative)
	return appendFixed64(dst, exponentialThreshold, math.Float64bits(float64(d.ZeroThreshold)))
}

func appendBuckets(dst []byte, number protowire.Number, b *bucketsObject) []byte {
	if b == nil {
		return dst
	}
	dst, start := open(dst, number)
	dst = appendSint(dst, bucketsOffset, b.Offset)
	if len(b.Buckets) > 0 {
		var counts int
		dst, counts = open(dst, bucketsCounts)
		for _, count := range b.Buckets {
			dst = protowire.AppendVarint(dst, count)
		}
		dst = closed(dst, counts)
	}
	return closed(dst, start)
}

func appendSint(dst []byte, number protowire.Number, v int32) []byte {
	return appendUint(dst, number, protowire.EncodeZigZag(int64(v)))
}

func appendQuantiles(dst []byte, quantiles [][2]double) []byte {
	for _, q := range quantiles {
		var start int
		dst, start = open(dst, summaryQuantiles)
		dst = appendFixed64(dst, quantileQuantile, math.Float64bits(float64(q[0])))
		dst = closed(appendFixed64(dst, quantileValue, math.Float64bits(float64(q[1]))), start)
	}
	return dst
}
