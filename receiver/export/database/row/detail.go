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
	for n, v := range wire.Values(b) {
		switch n {
		case exponentialScale:
			w.intMember("scale", zigzag(v.Bits))
		case exponentialZeroCount:
			w.uintMember("zero_count", v.Bits)
		case exponentialThreshold:
			if v.Bits != 0 {
				w.label("zero_threshold")
				w.number(v.Double())
			}
		case exponentialPositive:
			w.buckets("positive", v.Data)
		case exponentialNegative:
			w.buckets("negative", v.Data)
		}
	}
}

// zigzag returns the number that a sint32 stands for.
func zigzag(bits uint64) int64 { return protowire.DecodeZigZag(uint64(uint32(bits))) }

// buckets writes encoded Buckets.
func (w *writer) buckets(key string, b []byte) {
	w.label(key)
	w.buf = append(w.buf, '{')
	for n, v := range wire.Values(b) {
		if n == bucketsOffset {
			w.intMember("offset", zigzag(v.Bits))
		}
	}
	w.numbers("buckets", b, bucketsCounts, wire.TypeVarint, w.uint)
	w.buf = append(w.buf, '}')
}

func (w *writer) quantiles(b []byte) {
	opened := false
	for n, v := range wire.Values(b) {
		if n != summaryQuantiles {
			continue
		}
		if !opened {
			opened = true
			w.label("quantiles")
			w.buf = append(w.buf, '[')
		}
		w.separate()
		w.quantile(v.Data)
	}
	if opened {
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
	opened := false
	for n, v := range wire.Values(message) {
		if n != number {
			continue
		}
		for bits := range v.Numbers(t) {
			if !opened {
				opened = true
				w.label(key)
				w.buf = append(w.buf, '[')
			}
			w.separate()
			write(bits)
		}
	}
	if opened {
		w.buf = append(w.buf, ']')
	}
}

func (w *writer) bits(bits uint64) { w.number(math.Float64frombits(bits)) }

func (w *writer) uint(v uint64) { w.buf = strconv.AppendUint(w.buf, v, 10) }
