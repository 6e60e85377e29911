package sqlite

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// expectation is a row.Visitor that looks each row up in the database and compares it, column by column.
type expectation struct {
	t    *testing.T
	conn *sqlite.Conn
	rows int // compared
}

// expect fails unless all rows of a batch are in the database as the decoder tells them.
func expect(t *testing.T, path string, b *pipeline.Batch) {
	t.Helper()
	c := read(t, path)
	v := &expectation{t: t, conn: c}
	var d row.Decoder
	d.Reset(row.Origin{Received: time.Unix(1, 0)})
	for _, p := range b.Parts {
		if err := d.Decode(b.Signal, p.Data.ReadOnlyData(), v); err != nil {
			t.Error(err)
		}
	}
	if v.rows != b.Items {
		t.Errorf("compared %d rows of %d", v.rows, b.Items)
	}
}

func (v *expectation) Resource(r *row.Resource) error {
	return v.look("otlp_resources", resourceColumns, 0, r.ID, r.ID[:], text(r.Service), text(r.SchemaURL), text(r.Attributes), r.OTLP)
}

func (v *expectation) Scope(s *row.Scope) error {
	return v.look("otlp_scopes", scopeColumns, 0, s.ID, s.ID[:], text(s.Name), text(s.Version), text(s.SchemaURL), text(s.Attributes), s.OTLP)
}

func (v *expectation) Metric(m *row.Metric) error {
	return v.look("otlp_metrics", metricColumns, 0, m.ID, m.ID[:], text(m.Name), text(m.Description), text(m.Unit),
		int64(m.Kind), int64(m.Temporality), flag(m.Monotonic), m.OTLP)
}

// common returns what stands in the first columns of an item; nil in the third is not compared.
func common(i *row.Item) []any {
	return []any{moment(i.Time), i.Key[:], nil, i.Resource[:], i.Scope[:], text(i.Service), optional(i.Attributes), i.Raw}
}

func (v *expectation) Span(s *row.Span) error {
	v.rows++
	return v.look("otlp_spans", spanColumns, s.Time, s.Key, append(common(&s.Item), s.TraceID, s.SpanID, s.ParentSpanID,
		optional(s.TraceState), text(s.Name), int64(s.Kind), int64(s.Start), s.Duration, int64(s.StatusCode), optional(s.StatusMessage), int64(s.Flags),
		number(s.DroppedAttributes), number(s.DroppedEvents), number(s.DroppedLinks), optional(s.Events), optional(s.Links))...)
}

func (v *expectation) Point(p *row.Point) error {
	v.rows++
	var integer, count any = missing{}, missing{}
	if p.ValueInt != nil {
		integer = *p.ValueInt
	}
	if p.Count != nil {
		count = int64(*p.Count)
	}
	return v.look("otlp_points", pointColumns, p.Time, p.Key, append(common(&p.Item), p.Metric[:], int64(p.Kind), int64(p.Start), int64(p.TimeRaw),
		int64(p.Flags), float(p.Value), integer, count, float(p.Sum), float(p.Min), float(p.Max), optional(p.Detail), optional(p.Exemplars))...)
}

func (v *expectation) Log(l *row.Log) error {
	v.rows++
	var body any = missing{}
	if l.Body != nil {
		body = text(l.Body)
	}
	return v.look("otlp_logs", logColumns, l.Time, l.Key, append(common(&l.Item), int64(l.TimeRaw), int64(l.Observed), l.TraceID, l.SpanID,
		int64(l.Severity), optional(l.SeverityText), optional(l.EventName), body, optional(l.BodyJSON), int64(l.Flags), number(l.DroppedAttributes))...)
}

// missing stands for NULL.
type missing struct{}

type text string

func optional(b []byte) any {
	if len(b) == 0 {
		return missing{}
	}
	return text(b)
}

func number(n uint32) any {
	if n == 0 {
		return missing{}
	}
	return int64(n)
}

func float(f *float64) any {
	if f == nil || math.IsNaN(*f) {
		return missing{}
	}
	return *f
}

// look compares the columns of the one row that there must be. Of columns beyond those wanted, nothing is. The time
// is zero for a row that is found by its ID alone.
func (v *expectation) look(table, columns string, time uint64, id row.ID, want ...any) error {
	query := "SELECT " + strings.Join(strings.Fields(columns), ", ") + " FROM " + table
	if time == 0 {
		query += " WHERE id = ?2 AND ?1 = 0"
	} else {
		query += " WHERE time = ?1 AND key = ?2"
	}
	s, err := v.conn.Prepare(query)
	if err != nil {
		return err
	}
	s.BindInt64(1, moment(time))
	s.BindBytes(2, id[:])
	if some, err := s.Step(); err != nil || !some {
		return fmt.Errorf("%s: no row, %w", table, err)
	}
	for i, w := range want {
		if !same(s, i, w) {
			v.t.Errorf("%s.%s is %.80q, want %.80v", table, strings.Fields(columns)[i], s.ColumnText(i), w)
		}
	}
	if more, err := s.Step(); err != nil || more {
		return fmt.Errorf("%s: there is another row, %w", table, err)
	}
	return nil
}

func same(s *sqlite.Stmt, i int, want any) bool {
	switch want := want.(type) {
	case nil:
		return true
	case missing:
		return s.ColumnIsNull(i)
	case text:
		return s.ColumnType(i) == sqlite.TypeText && s.ColumnText(i) == string(want)
	case int64:
		return s.ColumnType(i) == sqlite.TypeInteger && s.ColumnInt64(i) == want
	case float64:
		return s.ColumnType(i) == sqlite.TypeFloat && s.ColumnFloat(i) == want
	case []byte: // of none there is NULL, or nothing in a column that must not be
		got := make([]byte, s.ColumnLen(i))
		s.ColumnBytes(i, got)
		return bytes.Equal(got, want)
	default:
		return false
	}
}

// read opens a database as others do.
func read(t *testing.T, path string) *sqlite.Conn {
	t.Helper()
	c, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// count returns what a query returns, to a reader of its own.
func count(t *testing.T, path, query string) int64 {
	t.Helper()
	c, err := OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := once(c, query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	return n
}

// items returns how many items there are.
func items(t *testing.T, path string) int64 {
	t.Helper()
	return count(t, path, "SELECT (SELECT count(*) FROM otlp_spans) + (SELECT count(*) FROM otlp_points) + (SELECT count(*) FROM otlp_logs)")
}
