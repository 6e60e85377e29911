package row

import (
	"encoding/json"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

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

// double is a number, or the name of an infinite one.
type double float64

// UnmarshalJSON implements json.Unmarshaler.
func (d *double) UnmarshalJSON(text []byte) error {
	switch string(text) {
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
