package debug

import (
	"strconv"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// metric prints a line for each data point, for example:
//
//	14:13:20.000  metric   orders  http.server.request.duration  17 s  http.route=/orders
func (p *printer) metric(service, b []byte) {
	var name, unit []byte
	for f, v := range members(wire.Metric, b) {
		switch f.Name {
		case "name":
			name = v.Data
		case "unit":
			unit = v.Data
		}
	}
	for f, v := range members(wire.Metric, b) {
		if f.Kind != wire.Message || f.Name == "metadata" {
			continue
		}
		for inner, point := range members(f.Message, v.Data) {
			if inner.Name == "dataPoints" {
				p.point(inner.Message, service, name, unit, point.Data)
			}
		}
	}
}

// point prints a data point of any kind.
func (p *printer) point(id wire.MessageID, service, name, unit, b []byte) {
	const noRecordedValue = 1 // bit of flags
	var at uint64
	var val []byte
	none := false
	for f, v := range members(id, b) {
		switch f.Name {
		case "timeUnixNano":
			at = v.Bits
		case "asInt":
			val = strconv.AppendInt(val[:0], int64(v.Bits), 10)
		case "asDouble":
			val = appendDouble(val[:0], v.Double())
		case "count":
			val = strconv.AppendUint(label(val, f.Name), v.Bits, 10)
		case "sum", "min", "max":
			val = strconv.AppendFloat(label(val, f.Name), v.Double(), 'g', 6, 64)
		case "quantileValues":
			val = appendQuantile(val, v.Data)
		case "flags":
			none = v.Bits&noRecordedValue != 0
		}
	}
	switch {
	case none:
		val = []byte("no value")
	case len(unit) > 0 && string(unit) != "1":
		val = append(append(val, ' '), unit...)
	}
	p.head(at, "metric", service)
	p.cell(metricColumn, name, maxName)
	p.cell(valueColumn, val, maxValue)
	p.tail(id, b, nil)
}

// label begins one of several values: "count=42 sum=".
func label(dst []byte, name string) []byte {
	if len(dst) > 0 {
		dst = append(dst, ' ')
	}
	return append(append(dst, name...), '=')
}

// appendQuantile appends a quantile of a summary: "p99=0.7".
func appendQuantile(dst, b []byte) []byte {
	var quantile, val float64
	for f, v := range members(wire.ValueAtQuantile, b) {
		if f.Name == "quantile" {
			quantile = v.Double()
		} else {
			val = v.Double()
		}
	}
	percent := strconv.FormatFloat(quantile*100, 'g', 6, 64)
	return strconv.AppendFloat(label(dst, "p"+percent), val, 'g', 6, 64)
}
