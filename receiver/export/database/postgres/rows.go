package postgres

import (
	"encoding/binary"
	"io"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// table is one of the tables that items are in.
type table struct {
	name    string
	columns string // in the order in which tuples have them
	fields  int
	refers  []reference // of the fields that begin at firstReference
}

// The tables of items. Each begins with time, key, received and the IDs of what
// the item refers to, so that these are at the same place in every tuple.
//
//nolint:gochecknoglobals // immutable tables
var (
	spansTable = &table{
		name: "otlp_spans", fields: 24, refers: []reference{resources, scopes},
		columns: "time, key, received, resource_id, scope_id, start_unix_nano, duration_nano, kind, status_code, flags, service, name, " +
			"trace_id, span_id, parent_span_id, trace_state, status_message, dropped_attributes, dropped_events, dropped_links, " +
			"attributes, events, links, raw",
	}
	pointsTable = &table{
		name: "otlp_points", fields: 21, refers: []reference{resources, scopes, metrics},
		columns: "time, key, received, resource_id, scope_id, metric_id, start_unix_nano, time_unix_nano, flags, kind, service, " +
			"value, value_int, count, sum, min, max, attributes, detail, exemplars, raw",
	}
	logsTable = &table{
		name: "otlp_logs", fields: 19, refers: []reference{resources, scopes},
		columns: "time, key, received, resource_id, scope_id, time_unix_nano, observed_unix_nano, severity, flags, service, " +
			"severity_text, event_name, body, body_json, trace_id, span_id, dropped_attributes, attributes, raw",
	}
	itemTables = []*table{spansTable, pointsTable, logsTable}
)

// Offsets in a tuple: of its time and of the first ID of what it refers to.
const (
	timeOffset     = 2 + 4
	firstReference = timeOffset + 8 + (4 + idSize) + (4 + 8) + 4
	idSize         = 16
)

// rows are tuples of one table.
type rows struct {
	table    *table
	received uint64 // Unix nanoseconds

	tuples
	starts []int // where in buf each begins
	places []int // of rows of which some are left out: the place that each had, and how many there were; else nil
}

// unixNano returns a time as rows have it.
func unixNano(t time.Time) uint64 { return uint64(max(t.UnixNano(), 0)) } //nolint:gosec // not negative

// reset empties r. Its buffers stay.
func (r *rows) reset() {
	r.table = nil
	r.buf, r.starts = r.buf[:0], r.starts[:0]
}

func (r *rows) len() int { return len(r.starts) }

// between returns the tuples from one to another.
func (r *rows) between(from, to int) []byte {
	if to == len(r.starts) {
		return r.buf[r.starts[from]:]
	}
	return r.buf[r.starts[from]:r.starts[to]]
}

// day returns the day of a tuple.
func (r *rows) day(i int) day {
	micros := int64(binary.BigEndian.Uint64(r.buf[r.starts[i]+timeOffset:])) //nolint:gosec // two's complement
	return dayOfMicros(micros + epochMicros)
}

// referred returns the ID of what a tuple refers to.
func (r *rows) referred(i, which int) row.ID {
	at := r.starts[i] + firstReference + which*(4+idSize)
	return row.ID(r.buf[at : at+idSize])
}

// without returns a copy without the rows that are refused.
func (r *rows) without(refused func(i int) bool) *rows {
	rest := &rows{table: r.table}
	for i := range r.starts {
		if !refused(i) {
			rest.starts = append(rest.starts, len(rest.buf))
			rest.places = append(rest.places, i)
			rest.buf = append(rest.buf, r.between(i, i+1)...)
		}
	}
	rest.places = append(rest.places, r.len())
	return rest
}

// place returns where a row was before some were left out. That of the one behind the last is how many there were.
func (r *rows) place(i int) int {
	if r.places == nil {
		return i
	}
	return r.places[i]
}

// reader returns the tuples from one to another as COPY takes them.
func (r *rows) reader(from, to int) io.Reader {
	return &copyReader{pieces: [3][]byte{[]byte(copyHeader), r.between(from, to), []byte(copyTrailer)}}
}

// copyReader reads pieces one behind the other.
type copyReader struct {
	pieces [3][]byte
	at     int
}

func (c *copyReader) Read(p []byte) (int, error) {
	n := 0
	for c.at < len(c.pieces) && n < len(p) {
		took := copy(p[n:], c.pieces[c.at])
		n += took
		if c.pieces[c.at] = c.pieces[c.at][took:]; len(c.pieces[c.at]) == 0 {
			c.at++
		}
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// item begins the tuple of an item.
func (r *rows) item(t *table, item *row.Item) {
	r.table = t
	r.starts = append(r.starts, len(r.buf))
	r.begin(t.fields)
	r.timestamp(item.Time)
	r.uuid(item.Key)
	r.timestamp(r.received)
	r.uuid(item.Resource)
	r.uuid(item.Scope)
}

func (r *rows) addSpan(s *row.Span) {
	r.item(spansTable, &s.Item)
	r.bits(s.Start)
	r.int8(s.Duration)
	r.int4(s.Kind)
	r.int4(s.StatusCode)
	r.int8(int64(s.Flags))
	r.bytes(s.Service)
	r.bytes(s.Name)
	r.bytes(s.TraceID)
	r.bytes(s.SpanID)
	r.optional(s.ParentSpanID)
	r.optional(s.TraceState)
	r.optional(s.StatusMessage)
	r.count(s.DroppedAttributes)
	r.count(s.DroppedEvents)
	r.count(s.DroppedLinks)
	r.json(s.Attributes)
	r.json(s.Events)
	r.json(s.Links)
	r.optional(s.Raw)
}

func (r *rows) addPoint(p *row.Point) {
	r.item(pointsTable, &p.Item)
	r.uuid(p.Metric)
	r.bits(p.Start)
	r.bits(p.TimeRaw)
	r.int8(int64(p.Flags))
	r.int2(int16(p.Kind))
	r.bytes(p.Service)
	r.optionalFloat8(p.Value)
	r.optionalInt8(p.ValueInt)
	if p.Count == nil {
		r.null()
	} else {
		r.bits(*p.Count)
	}
	r.optionalFloat8(p.Sum)
	r.optionalFloat8(p.Min)
	r.optionalFloat8(p.Max)
	r.json(p.Attributes)
	r.json(p.Detail)
	r.json(p.Exemplars)
	r.optional(p.Raw)
}

func (r *rows) addLog(l *row.Log) {
	r.item(logsTable, &l.Item)
	r.bits(l.TimeRaw)
	r.bits(l.Observed)
	r.int4(l.Severity)
	r.int8(int64(l.Flags))
	r.bytes(l.Service)
	r.optional(l.SeverityText)
	r.optional(l.EventName)
	if l.Body == nil {
		r.null()
	} else {
		r.bytes(l.Body)
	}
	r.json(l.BodyJSON)
	r.optional(l.TraceID)
	r.optional(l.SpanID)
	r.count(l.DroppedAttributes)
	r.json(l.Attributes)
	r.optional(l.Raw)
}
