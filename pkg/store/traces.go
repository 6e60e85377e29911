package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// TraceFilter says which traces are wanted. One span must match all that is said of spans, which are Range, Service,
// Name and Attributes; the rest is about the whole trace.
type TraceFilter struct {
	Range
	Service    string
	Name       string // of a span: a glob with * and ?
	Attributes []Attribute

	// MinDuration and MaxDuration bound the time from the first start to the last end. Zero is no bound.
	MinDuration, MaxDuration time.Duration
	Status                   Status
	Limit                    int // how many traces at most
}

// Status is how a trace went.
type Status uint8

// The values of Status.
const (
	StatusAny   Status = iota
	StatusOK           // no span failed
	StatusError        // a span failed
)

// statusError is a span's status code of failure.
const statusError = 2

// ofSpans adds what one span must match.
func (f *TraceFilter) ofSpans(q *query) {
	q.within(f.Range)
	q.of(f.Service)
	if f.Name != "" {
		q.and(q.dialect.matches(q, "name", glob(f.Name)))
	}
	q.with(f.Attributes)
	if f.failures() {
		q.and("status_code = 2")
	}
}

// failures says that the spans to look for are those that failed, which have an index. What else must match one span may
// match another.
func (f *TraceFilter) failures() bool {
	return f.Status == StatusError && f.Service == "" && f.Name == "" && len(f.Attributes) == 0
}

// wants says whether a trace matches what is said of the whole.
func (f *TraceFilter) wants(t *Trace) bool {
	switch {
	case f.Status == StatusOK && t.Errors > 0, f.Status == StatusError && t.Errors == 0,
		t.Duration < f.MinDuration, f.MaxDuration > 0 && t.Duration > f.MaxDuration:
		return false
	}
	return true
}

// The numbers of spans that are looked at in one step: more and more, as traces with many spans, or
// filters that leave few of them, want more.
const (
	firstStep = 500
	lastStep  = 20_000
)

// Traces returns the newest traces, by the time of their start.
func (s *Store) Traces(ctx context.Context, f TraceFilter) ([]Trace, error) {
	var found []Trace
	var last *row.PrimaryKey
	known := map[TraceID]bool{}
	for step := firstStep; ; step = min(2*step, lastStep) {
		ids, next, err := s.spansBefore(ctx, &f, last, step)
		if err != nil {
			return nil, err
		}
		traces, err := s.summaries(ctx, unknown(known, ids), f.wants)
		if err != nil {
			return nil, err
		}
		found = newest(append(found, traces...), f.Limit)
		// What has not been seen has no span after this one, and so has begun no later.
		complete := next == nil || len(found) == f.Limit && found[f.Limit-1].first >= next.Time
		if complete {
			return found, nil
		}
		last = next
	}
}

// unknown returns the IDs that are not known yet. From now on they are.
func unknown(known map[TraceID]bool, ids []TraceID) (fresh []TraceID) {
	for _, id := range ids {
		if !known[id] {
			known[id] = true
			fresh = append(fresh, id)
		}
	}
	return fresh
}

// newest returns the newest traces in order.
func newest(traces []Trace, limit int) []Trace {
	slices.SortFunc(traces, func(a, b Trace) int {
		return cmp.Or(cmp.Compare(b.Start, a.Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	return traces[:min(len(traces), limit)]
}

// spansBefore returns the traces of the n last spans that match, of those before another, and
// the last of them: nil if there are no more.
func (s *Store) spansBefore(ctx context.Context, f *TraceFilter, before *row.PrimaryKey, n int) (ids []TraceID, last *row.PrimaryKey, err error) {
	table := "otlp_spans"
	if f.failures() {
		table = s.db.using(table, "otlp_spans_error")
	}
	q := from(s.db, "SELECT time, key, trace_id FROM "+table)
	f.ofSpans(q)
	q.before(before)
	q.write(" ORDER BY time DESC, key DESC LIMIT " + q.arg(int64(n)))
	seen := 0
	err = s.run(ctx, q, func(c columns) error {
		of := scan{columns: c}
		seen++
		last = new(of.primaryKey())
		ids = append(ids, TraceID(of.id()))
		return nil
	})
	if seen < n {
		last = nil
	}
	return ids, last, err
}

func (s *Store) run(ctx context.Context, q *query, row func(columns) error) error {
	return s.db.query(ctx, q.text.String(), q.args, row)
}
