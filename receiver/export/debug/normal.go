package debug

import (
	"encoding/hex"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// column is one whose width grows with what stands in it, up to a limit.
type column int

const (
	serviceColumn column = iota
	spanColumn
	metricColumn
	valueColumn
	numColumns
)

// The limits of width, in characters.
const (
	maxService = 24
	maxName    = 48
	maxValue   = 40
	maxStatus  = 80
	maxBody    = 240
	maxTail    = 100
)

// normal prints one line for each item.
func (p *printer) normal(b *pipeline.Batch) {
	for resource := range resources(b) {
		name := service(resource)
		for scope := range submessages(resource, fieldScopes) {
			for entry := range submessages(scope, fieldEntries) {
				switch b.Signal {
				case wire.Traces:
					p.span(name, entry)
				case wire.Metrics:
					p.metric(name, entry)
				case wire.Logs:
					p.record(name, entry)
				case wire.Profiles:
					p.profile(name, entry)
				}
			}
		}
	}
}

// span prints, for example:
//
//	14:13:20.001  span     orders  GET /orders/{id}  server      1.23ms  ok     trace=5b…  http.request.method=GET +9
func (p *printer) span(service, b []byte) {
	var trace, name, status []byte
	var kind, begin, end, code uint64
	for f, v := range members(wire.Span, b) {
		switch f.Name {
		case "traceId":
			trace = v.Data
		case "name":
			name = v.Data
		case "kind":
			kind = v.Bits
		case "startTimeUnixNano":
			begin = v.Bits
		case "endTimeUnixNano":
			end = v.Bits
		case "status":
			for f, v := range members(wire.Status, v.Data) {
				if f.Name == "code" {
					code = v.Bits
				} else {
					status = v.Data
				}
			}
		}
	}
	p.head(begin, "span", service)
	p.cell(spanColumn, name, maxName)
	took := []byte("-")
	if end != 0 {
		took = appendShort(nil, time.Duration(end-begin))
	}
	p.buf = fmt.Appendf(p.buf, "  %-8s  %8s  ", either(kind, enum("kind", kind)), took)
	start := len(p.buf)
	p.buf = append(p.buf, either(code, enum("code", code))...)
	if len(status) > 0 {
		p.buf = appendCut(append(p.buf, ": "...), status, maxStatus)
	}
	p.buf = pad(p.buf, start, len("error"))
	p.tail(wire.Span, b, trace)
}

// record prints, for example:
//
//	14:13:20.000  log      orders  INFO    order 17 accepted  trace=5b…  customer.tier=gold
func (p *printer) record(service, b []byte) {
	var trace, level, body, event []byte
	var at, observed, number uint64
	for f, v := range members(wire.LogRecord, b) {
		switch f.Name {
		case "timeUnixNano":
			at = v.Bits
		case "observedTimeUnixNano":
			observed = v.Bits
		case "severityNumber":
			number = v.Bits
		case "severityText":
			level = v.Data
		case "body":
			body = v.Data
		case "traceId":
			trace = v.Data
		case "eventName":
			event = v.Data
		}
	}
	if at == 0 {
		at = observed
	}
	if number != 0 || len(level) == 0 {
		level = []byte(either(number, severity(number)))
	}
	p.head(at, "log", service)
	start := len(p.buf) + 2
	p.buf = pad(appendCut(append(p.buf, "  "...), level, 6), start, 6)
	if len(event) > 0 {
		p.buf = appendCut(append(p.buf, "  "...), event, maxName)
	}
	if len(body) > 0 {
		p.buf = append(p.buf, "  "...)
		if s := text(body); s != nil {
			p.buf = appendCut(p.buf, s, maxBody)
		} else {
			start := len(p.buf)
			p.buf = cut(appendAny(p.buf, body), start, maxBody)
		}
	}
	p.tail(wire.LogRecord, b, trace)
}

// profile prints, for example:
//
//	14:13:20.000  profile  orders  12 samples  10s
func (p *printer) profile(service, b []byte) {
	var at, took uint64
	samples := 0
	for f, v := range members(wire.Profile, b) {
		switch f.Name {
		case "timeUnixNano":
			at = v.Bits
		case "durationNano":
			took = v.Bits
		case "samples":
			samples++
		}
	}
	p.head(at, "profile", service)
	p.buf = fmt.Appendf(p.buf, "  %d %s  ", samples, plural(samples, "sample"))
	p.buf = appendShort(p.buf, time.Duration(took))
	p.endLine()
}

// head begins a line.
func (p *printer) head(at uint64, what string, service []byte) {
	if at == 0 {
		p.buf = append(p.buf, "-           "...)
	} else {
		p.buf = moment(at).In(p.zone).AppendFormat(p.buf, "15:04:05.000")
	}
	p.buf = fmt.Appendf(p.buf, "  %-7s", what)
	if service == nil {
		service = []byte("-")
	}
	p.cell(serviceColumn, service, maxService)
}

// cell appends one cell of a column.
func (p *printer) cell(c column, text []byte, limit int) {
	p.buf = append(p.buf, "  "...)
	start := len(p.buf)
	p.buf = appendCut(p.buf, text, limit)
	p.widths[c] = max(p.widths[c], utf8.RuneCount(p.buf[start:]))
	p.buf = pad(p.buf, start, p.widths[c])
}

// tail ends a line with the trace's id and as many attributes as fit.
func (p *printer) tail(id wire.MessageID, b, trace []byte) {
	if len(trace) > 0 {
		p.buf = hex.AppendEncode(append(p.buf, "  trace="...), trace)
	}
	room, left := maxTail, 0
	for f, v := range members(id, b) {
		if f.Name != "attributes" {
			continue
		}
		if left > 0 {
			left++
			continue
		}
		start := len(p.buf)
		key, val := pair(v.Data)
		separator := " "
		if room == maxTail {
			separator = "  "
		}
		p.buf = append(appendCut(append(p.buf, separator...), key, maxName), '=')
		from := len(p.buf)
		if s := text(val); word(s) {
			p.buf = append(p.buf, s...)
		} else {
			p.buf = appendAny(p.buf, val)
		}
		p.buf = cut(p.buf, from, maxName)
		if room -= utf8.RuneCount(p.buf[start:]); room < 0 {
			p.buf = p.buf[:start]
			left++
		}
	}
	if left > 0 {
		p.buf = fmt.Appendf(p.buf, " +%d", left)
	}
	p.endLine()
}

// either returns the name of a value that is set, or a dash.
func either(v uint64, name string) string {
	if v == 0 {
		return "-"
	}
	return name
}
