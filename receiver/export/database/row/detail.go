package row

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Numbers of the fields that data points of one kind have.
const (
	histogramBuckets = 6
	histogramBounds  = 7

	exponentialScale     = 6
	exponentialZeroCount = 7
	exponentialPositive  = 8
	exponentialNegative  = 9
	exponentialThreshold = 14

	summaryQuantiles = 6
)

// detail writes what a data point has beside its columns, or nothing.
func (w *writer) detail(kind Kind, b []byte) JSON {
	if kind == Gauge || kind == Sum {
		return nil
	}
	from := len(w.buf)
	w.buf = append(w.buf, '{')
	switch kind {
	case Histogram:
		w.numbers("bounds", b, histogramBounds, wire.TypeFixed64, w.bits)
		w.numbers("buckets", b, histogramBuckets, wire.TypeFixed64, w.uint)
	case ExponentialHistogram:
		w.exponential(b)
	case Summary:
		w.quantiles(b)
	}
	if len(w.buf) == from+1 {
		w.buf = w.buf[:from]
		return nil
	}
	w.buf = append(w.buf, '}')
	return w.since(from)
}

func (w *writer) exponential(b []byte) {
	var scale, zeroCount, threshold, positive, negative wire.Value
	for n, v := range wire.Values(b) {
		switch n {
		case exponentialScale:
			scale = v
		case exponentialZeroCount:
			zeroCount = v
		case exponentialThreshold:
			threshold = v
		case exponentialPositive:
			positive = v
		case exponentialNegative:
			negative = v
		}
	}
	w.intMember("scale", zigzag(scale.Bits))
	w.uintMember("zero_count", zeroCount.Bits)
	w.buckets("positive", positive)
	w.buckets("negative", negative)
	if threshold.Bits != 0 {
		w.label("zero_threshold")
		w.number(threshold.Double())
	}
}

// zigzag returns the number that a sint32 stands for.
func zigzag(bits uint64) int64 { return protowire.DecodeZigZag(uint64(uint32(bits))) }

// buckets writes encoded Buckets, if there are any: empty ones are not the same as none.
func (w *writer) buckets(key string, b wire.Value) {
	if b.Type != wire.TypeBytes {
		return
	}
	w.label(key)
	w.buf = append(w.buf, '{')
	for n, v := range wire.Values(b.Data) {
		if n == bucketsOffset {
			w.intMember("offset", zigzag(v.Bits))
		}
	}
	w.numbers("buckets", b.Data, bucketsCounts, wire.TypeVarint, w.uint)
	w.buf = append(w.buf, '}')
}

func (w *writer) quantiles(b []byte) {
	elements := 0
	for n, v := range wire.Values(b) {
		if n != summaryQuantiles {
			continue
		}
		if w.full(elements) {
			break
		}
		if elements++; elements == 1 {
			w.label("quantiles")
			w.buf = append(w.buf, '[')
		}
		w.separate()
		w.quantile(v.Data)
	}
	if elements > 0 {
		w.buf = append(w.buf, ']')
	}
}

func (w *writer) quantile(b []byte) {
	var quantile, value float64
	for n, v := range wire.Values(b) {
		switch n {
		case quantileQuantile:
			quantile = v.Double()
		case quantileValue:
			value = v.Double()
		}
	}
	w.buf = append(w.buf, '[')
	w.number(quantile)
	w.buf = append(w.buf, ',')
	w.number(value)
	w.buf = append(w.buf, ']')
}

// numbers writes a repeated field of numbers as an array, unless it is empty.
func (w *writer) numbers(key string, message []byte, number int, t wire.Type, write func(bits uint64)) {
	elements := 0
	for n, v := range wire.Values(message) {
		if n != number {
			continue
		}
		for bits := range v.Numbers(t) {
			if w.full(elements) {
				break
			}
			if elements++; elements == 1 {
				w.label(key)
				w.buf = append(w.buf, '[')
			}
			w.separate()
			write(bits)
		}
	}
	if elements > 0 {
		w.buf = append(w.buf, ']')
	}
}

func (w *writer) bits(bits uint64) { w.number(math.Float64frombits(bits)) }

func (w *writer) uint(v uint64) { w.buf = strconv.AppendUint(w.buf, v, 10) }
