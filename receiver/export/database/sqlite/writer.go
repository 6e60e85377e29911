package sqlite

import (
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/export/database/internal/refusal"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// writer inserts the rows of a batch. It implements row.Visitor. An error of its methods is one of the file; a row
// that SQLite refuses is counted, and the next one is as good as it was.
type writer struct {
	statements

	conn *sqlite.Conn // of the statements

	seen     seen
	today    int64 // days since the Unix epoch
	received int64 // nanoseconds since the Unix epoch
	refused  refusal.Tally

	// Of the transaction:
	items      int
	most       int          // of items
	duplicates int64        // items that are there already
	full       func() error // commits it and begins the next one
}

// begin makes the writer ready for a batch that came at a time.
func (w *writer) begin(received, now time.Time) {
	w.received = received.UnixNano()
	w.today = max(dayOf(now), dayOf(received)) // a clock that was put back must not make what is new look old
	w.seen.day(w.today)
	w.refused, w.items, w.duplicates = refusal.Tally{}, 0, 0
}

// dayOf returns the day of a time, in days since the Unix epoch.
func dayOf(t time.Time) int64 { return t.Unix() / int64(24*time.Hour/time.Second) }

// Resource inserts a resource, or notes that it was seen today.
func (w *writer) Resource(r *row.Resource) error {
	if w.seen.already(resources, r.ID) {
		return nil
	}
	c := columns{stmt: w.resource}
	c.blob(r.ID[:])
	c.text(r.Service)
	c.text(r.SchemaURL)
	c.text(r.Attributes)
	c.blob(r.OTLP)
	c.integer(w.today)
	return w.described(&c, resources, r.ID)
}

// Scope inserts a scope, or notes that it was seen today.
func (w *writer) Scope(s *row.Scope) error {
	if w.seen.already(scopes, s.ID) {
		return nil
	}
	c := columns{stmt: w.scope}
	c.blob(s.ID[:])
	c.text(s.Name)
	c.text(s.Version)
	c.text(s.SchemaURL)
	c.text(s.Attributes)
	c.blob(s.OTLP)
	c.integer(w.today)
	return w.described(&c, scopes, s.ID)
}

// Metric inserts a metric, or notes that it was seen today.
func (w *writer) Metric(m *row.Metric) error {
	if w.seen.already(metrics, m.ID) {
		return nil
	}
	c := columns{stmt: w.metric}
	c.blob(m.ID[:])
	c.text(m.Name)
	c.text(m.Description)
	c.text(m.Unit)
	c.integer(int64(m.Kind))
	c.integer(int64(m.Temporality))
	c.integer(flag(m.Monotonic))
	c.blob(m.OTLP)
	c.integer(w.today)
	return w.described(&c, metrics, m.ID)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// described executes the statement of a row that items refer to. Without it they would be of no use.
func (w *writer) described(c *columns, t table, id row.ID) error {
	if err := c.insert(); err != nil {
		return err
	}
	w.seen.add(t, id)
	return nil
}

// item binds what all items have in common.
func (w *writer) item(c *columns, i *row.Item) {
	c.integer(moment(i.Time))
	c.blob(i.Key[:])
	c.integer(w.received)
	c.blob(i.Resource[:])
	c.blob(i.Scope[:])
	c.text(i.Service)
	c.optionalText(i.Attributes)
	c.optionalBlob(i.Raw)
}

// inserted executes the statement of an item, which changes nothing if it is there already.
func (w *writer) inserted(c *columns) error {
	err := c.insert()
	if err == nil && w.conn.Changes() == 0 {
		w.duplicates++
	}
	if err != nil {
		why, ofRow := reasonOf(err)
		if !ofRow {
			return err
		}
		code := sqlite.ErrCode(err)
		w.refused.Add(why, code.String(), code.Message())
	}
	if w.items++; w.items < w.most {
		return nil
	}
	return w.full()
}

// Span inserts a span.
func (w *writer) Span(s *row.Span) error {
	c := columns{stmt: w.span}
	w.item(&c, &s.Item)
	c.blob(s.TraceID)
	c.blob(s.SpanID)
	c.optionalBlob(s.ParentSpanID)
	c.optionalText(s.TraceState)
	c.text(s.Name)
	c.integer(int64(s.Kind))
	c.integer(int64(s.Start)) //nolint:gosec // modulo 2^64
	c.integer(s.Duration)
	c.integer(int64(s.StatusCode))
	c.optionalText(s.StatusMessage)
	c.integer(int64(s.Flags))
	c.count(s.DroppedAttributes)
	c.count(s.DroppedEvents)
	c.count(s.DroppedLinks)
	c.optionalText(s.Events)
	c.optionalText(s.Links)
	return w.inserted(&c)
}

// Point inserts a data point.
func (w *writer) Point(p *row.Point) error {
	c := columns{stmt: w.point}
	w.item(&c, &p.Item)
	c.blob(p.Metric[:])
	c.integer(int64(p.Kind))
	c.integer(int64(p.Start))   //nolint:gosec // modulo 2^64
	c.integer(int64(p.TimeRaw)) //nolint:gosec // modulo 2^64
	c.integer(int64(p.Flags))
	c.float(p.Value)
	c.optionalInteger(p.ValueInt)
	c.optionalCount(p.Count)
	c.float(p.Sum)
	c.float(p.Min)
	c.float(p.Max)
	c.optionalText(p.Detail)
	c.optionalText(p.Exemplars)
	return w.inserted(&c)
}

// Log inserts a log record.
func (w *writer) Log(l *row.Log) error {
	c := columns{stmt: w.log}
	w.item(&c, &l.Item)
	c.integer(int64(l.TimeRaw))  //nolint:gosec // modulo 2^64
	c.integer(int64(l.Observed)) //nolint:gosec // modulo 2^64
	c.optionalBlob(l.TraceID)
	c.optionalBlob(l.SpanID)
	c.integer(int64(l.Severity))
	c.optionalText(l.SeverityText)
	c.optionalText(l.EventName)
	if l.Body == nil {
		c.null()
	} else {
		c.text(l.Body)
	}
	c.optionalText(l.BodyJSON)
	c.integer(int64(l.Flags))
	c.count(l.DroppedAttributes)
	return w.inserted(&c)
}
