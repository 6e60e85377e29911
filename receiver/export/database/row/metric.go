package row

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// kinds returns every kind of metric.
func kinds() [5]Kind { return [...]Kind{Gauge, Sum, Histogram, ExponentialHistogram, Summary} }

// decodeMetric decodes a Metric. It has one kind, unless it was encoded by mistake: then
// it becomes several, as all of its data points have been counted.
func (d *Decoder) decodeMetric(b []byte) error {
	for _, kind := range kinds() {
		data := joined(&d.points, b, int(kind))
		if !has(data, dataPoints) {
			continue
		}
		d.describe(b, kind, data)
		decode := func(point []byte) error { return d.decodePoint(kind, point) }
		if err := each(data, dataPoints, decode); err != nil {
			return err
		}
	}
	return nil
}

// describe makes the row of an encoded Metric, of one kind only.
func (d *Decoder) describe(b []byte, kind Kind, data []byte) {
	a := &d.metric
	w := &a.writer
	w.reset()
	a.told = false
	a.Metric = Metric{Kind: kind}
	for n, v := range wire.Values(b) {
		switch n {
		case metricName:
			a.Name = w.text(v.Data)
		case metricDescription:
			a.Description = w.text(v.Data)
		case metricUnit:
			a.Unit = w.text(v.Data)
		}
	}
	if kind != Gauge && kind != Summary {
		for n, v := range wire.Values(data) {
			switch n {
			case dataTemporality:
				a.Temporality = int32(v.Bits)
			case dataMonotonic:
				a.Monotonic = kind == Sum && v.Bits != 0
			}
		}
	}
	a.scratch = wire.AppendWithout(a.scratch[:0], b, int(Gauge), int(Sum), int(Histogram), int(ExponentialHistogram), int(Summary))
	var start int
	a.scratch, start = open(a.scratch, protowire.Number(kind))
	a.scratch = closed(wire.AppendWithout(a.scratch, data, dataPoints), start)
	a.OTLP = a.scratch
	a.ID = d.identifyMetric()
}
