package row

import (
	"math"
	"strconv"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// The fields that all data points have, with the same numbers.
const (
	pointStart = 2
	pointTime  = 3
)

// layout has the numbers of the fields that data points of several kinds have, and 0 for
// what a kind does not have.
type layout struct {
	message                      wire.MessageID
	attributes, exemplars        int
	flags                        int
	double, integer              int
	count, sum, minimum, maximum int
	needsSum                     bool // a sum that is absent is zero
}

func layoutOf(kind Kind) layout {
	switch kind {
	case Histogram:
		return layout{message: wire.HistogramDataPoint, attributes: 9, exemplars: 8, flags: 10, count: 4, sum: 5, minimum: 11, maximum: 12}
	case ExponentialHistogram:
		return layout{message: wire.ExponentialHistogramDataPoint, attributes: 1, exemplars: 11, flags: 10, count: 4, sum: 5, minimum: 12, maximum: 13}
	case Summary:
		return layout{message: wire.SummaryDataPoint, attributes: 7, flags: 8, count: 4, sum: 5, needsSum: true}
	default:
		return layout{message: wire.NumberDataPoint, attributes: 7, exemplars: 5, flags: 8, double: 4, integer: 6}
	}
}

// values are what the columns of a data point refer to.
type values struct {
	value, sum, minimum, maximum float64
	integer                      int64
	count                        uint64
}

// decodePoint decodes a data point of a kind.
func (d *Decoder) decodePoint(kind Kind, b []byte) error {
	if d.skipped() {
		return nil
	}
	if err := d.enter(); err != nil {
		return err
	}
	w := &d.writer
	w.reset()
	l := layoutOf(kind)
	d.point = Point{Kind: kind, Metric: d.metric.ID}
	p := &d.point
	d.values = values{}
	if l.count != 0 {
		p.Count = &d.values.count
	}
	if l.needsSum {
		p.Sum = &d.values.sum
	}
	exemplars := false
	for n, v := range wire.Values(b) {
		switch n {
		case pointStart:
			p.Start = v.Bits
		case pointTime:
			p.TimeRaw = v.Bits
		case l.flags:
			p.Flags = uint32(v.Bits)
		case l.exemplars:
			exemplars = true
		default:
			d.number(&l, n, v)
		}
	}
	p.Detail = w.detail(kind, b)
	if exemplars {
		p.Exemplars = w.list(b, l.exemplars, w.exemplar)
	}
	p.Item = d.item(pointDomain, l.message, b, l.attributes, p.TimeRaw)
	if p.Raw == nil {
		d.digest.point(p)
	}
	p.Key = d.digest.end()
	return d.visitor.Point(p)
}

// number takes a field that is a column of numbers.
func (d *Decoder) number(l *layout, n int, v wire.Value) {
	p, to := &d.point, &d.values
	switch n {
	case l.double:
		p.Value = d.double(&to.value, v)
	case l.integer:
		to.integer = int64(v.Bits)
		p.ValueInt = &to.integer
	case l.sum:
		p.Sum = d.double(&to.sum, v)
	case l.minimum:
		p.Min = d.double(&to.minimum, v)
	case l.maximum:
		p.Max = d.double(&to.maximum, v)
	case l.count:
		to.count = v.Bits
		if v.Bits > math.MaxInt64 {
			to.count = math.MaxInt64
			d.writer.lossy = true
		}
	}
}

// double puts a double where a column refers to it. Not every database has NaN and a
// zero with a sign.
func (d *Decoder) double(to *float64, v wire.Value) *float64 {
	*to = v.Double()
	if math.IsNaN(*to) || *to == 0 && math.Signbit(*to) {
		d.writer.lossy = true
	}
	return to
}

// exemplar writes the members of an encoded Exemplar.
func (w *writer) exemplar(b []byte) {
	var time, value, traceID, spanID wire.Value
	integer, known := false, false
	for n, v := range wire.Values(b) {
		switch n {
		case exemplarTime:
			time = v
		case exemplarDouble, exemplarInt:
			value, known, integer = v, true, n == exemplarInt
		case exemplarTraceID:
			traceID = v
		case exemplarSpanID:
			spanID = v
		}
	}
	w.uintMember("time_unix_nano", time.Bits)
	if known {
		w.label("value")
		w.exemplarValue(value, integer)
	}
	w.hexMember("trace_id", traceID.Data)
	w.hexMember("span_id", spanID.Data)
	w.attributesMember(b, exemplarAttributes)
}

func (w *writer) exemplarValue(v wire.Value, integer bool) {
	if integer {
		w.buf = strconv.AppendInt(w.buf, int64(v.Bits), 10)
		return
	}
	w.double(v.Double())
}
