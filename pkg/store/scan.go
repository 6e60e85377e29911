package store

import "github.com/otlpctl/otlpctl/receiver/export/database/row"

// scan reads the columns of a row one after the other.
type scan struct {
	columns
	next int
}

func (s *scan) place() int {
	s.next++
	return s.next - 1
}

func (s *scan) int64() int64   { return s.integer(s.place()) }
func (s *scan) int32() int32   { return int32(s.integer(s.place())) }
func (s *scan) uint32() uint32 { return uint32(s.integer(s.place())) }
func (s *scan) uint64() uint64 { return uint64(s.integer(s.place())) }
func (s *scan) data() []byte   { return s.bytes(s.place()) }

func (s *scan) id() (id row.ID) {
	copy(id[:], s.data())
	return id
}

// float returns a number that may be missing.
func (s *scan) float() *float64 {
	i := s.place()
	if s.null(i) {
		return nil
	}
	v := s.number(i)
	return &v
}

// whole returns a whole number that may be missing.
func (s *scan) whole() *int64 {
	i := s.place()
	if s.null(i) {
		return nil
	}
	v := s.integer(i)
	return &v
}

// itemColumns are those that item reads.
const itemColumns = "time, key, resource_id, scope_id, service, attributes, raw"

func (s *scan) primaryKey() row.PrimaryKey { return row.PrimaryKey{Time: s.uint64(), Key: s.id()} }

func (s *scan) item() row.Item {
	return row.Item{
		PrimaryKey: s.primaryKey(), Resource: s.id(), Scope: s.id(),
		Service: s.data(), Attributes: s.data(), Raw: s.data(),
	}
}

// spanColumns are those that span reads.
const spanColumns = itemColumns + `, trace_id, span_id, parent_span_id, trace_state, name, kind, start_unix_nano, duration_nano,
	status_code, status_message, flags, dropped_attributes, dropped_events, dropped_links, events, links`

func (s *scan) span() *row.Span {
	return &row.Span{
		Item: s.item(), TraceID: s.data(), SpanID: s.data(), ParentSpanID: s.data(), TraceState: s.data(), Name: s.data(),
		Kind: s.int32(), Start: s.uint64(), Duration: s.int64(), StatusCode: s.int32(), StatusMessage: s.data(), Flags: s.uint32(),
		DroppedAttributes: s.uint32(), DroppedEvents: s.uint32(), DroppedLinks: s.uint32(), Events: s.data(), Links: s.data(),
	}
}

// pointColumns are those that point reads.
const pointColumns = itemColumns + `, metric_id, kind, start_unix_nano, time_unix_nano, flags, value, value_int, count, sum, min, max,
	detail, exemplars`

func (s *scan) point() *row.Point {
	p := &row.Point{
		Item: s.item(), Metric: s.id(), Kind: row.Kind(s.int32()), Start: s.uint64(), TimeRaw: s.uint64(), Flags: s.uint32(),
		Value: s.float(), ValueInt: s.whole(),
	}
	if count := s.whole(); count != nil {
		n := uint64(*count)
		p.Count = &n
	}
	p.Sum, p.Min, p.Max = s.float(), s.float(), s.float()
	p.Detail, p.Exemplars = s.data(), s.data()
	return p
}

// logColumns are those that log reads.
const logColumns = itemColumns + `, time_unix_nano, observed_unix_nano, trace_id, span_id, severity, severity_text, event_name,
	body, body_json, flags, dropped_attributes`

func (s *scan) log() *row.Log {
	return &row.Log{
		Item: s.item(), TimeRaw: s.uint64(), Observed: s.uint64(), TraceID: s.data(), SpanID: s.data(), Severity: s.int32(),
		SeverityText: s.data(), EventName: s.data(), Body: s.data(), BodyJSON: s.data(), Flags: s.uint32(), DroppedAttributes: s.uint32(),
	}
}

// rows returns what appends each row of an answer, as read has it.
func rows[T any](into *[]*T, read func(*scan) *T) func(columns) error {
	return func(c columns) error {
		*into = append(*into, read(&scan{columns: c}))
		return nil
	}
}
