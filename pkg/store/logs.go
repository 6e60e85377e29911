package store

import (
	"context"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// LogFilter says which log records are wanted.
type LogFilter struct {
	Range
	Service     string
	MinSeverity int32  // a SeverityNumber
	Trace       string // its ID, or what that begins with
	Body        string // what must be in the body
	Attributes  []Attribute
	Limit       int
}

func (f *LogFilter) of(q *query) error {
	q.of(f.Service)
	if f.MinSeverity > 0 {
		q.and("severity >= " + q.arg(int64(f.MinSeverity)))
	}
	if f.Trace != "" {
		first, last, err := bounds(f.Trace)
		if err != nil {
			return err
		}
		q.and("trace_id >= " + q.arg(first[:]))
		q.and("trace_id <= " + q.arg(last[:]))
	}
	if f.Body != "" {
		q.and(q.dialect.contains(q, "body", f.Body))
	}
	q.with(f.Attributes)
	return nil
}

// Check returns what is wrong with the filter.
func (f *LogFilter) Check() error {
	if f.Trace == "" {
		return nil
	}
	_, _, err := bounds(f.Trace)
	return err
}

// Logs returns the newest log records in the order of their time.
func (s *Store) Logs(ctx context.Context, f LogFilter) ([]*row.Log, error) {
	table := "otlp_logs"
	if f.Trace != "" {
		table = s.db.using(table, "otlp_logs_trace")
	}
	q := from(s.db, "SELECT "+logColumns+" FROM "+table)
	q.within(f.Range)
	if err := f.of(q); err != nil {
		return nil, err
	}
	q.newest(f.Limit)
	var logs []*row.Log
	err := s.run(ctx, q, rows(&logs, (*scan).log))
	slices.Reverse(logs)
	return logs, err
}

// newest ends a query for items: the last ones come first.
func (q *query) newest(limit int) {
	q.write(" ORDER BY time DESC, key DESC LIMIT " + q.arg(int64(limit)))
}
