package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"
)

// Trace is what is known of a trace as a whole.
type Trace struct {
	ID       TraceID
	Root     Root
	Start    uint64        // of the first span, in nanoseconds since the Unix epoch
	Duration time.Duration // from there to the last end
	Spans    int
	Errors   int // how many spans failed
	Services []ServiceShare

	first uint64 // the column time of the first span
}

// Root is the span that a trace begins with: the first that has no parent or, as long as that has not
// come, the first of all.
type Root struct {
	Service, Name string
	Failed        bool
	Missing       bool // it has a parent
}

// ServiceShare is how much of a trace a service has.
type ServiceShare struct {
	Service       string
	Spans, Errors int
}

// chunk is how many values a query compares a column with.
const chunk = 500

// summaries returns what is known of the traces that are wanted, which is decided before their roots are known. Those
// that are not there are left out.
func (s *Store) summaries(ctx context.Context, ids []TraceID, wanted func(*Trace) bool) ([]Trace, error) {
	var found []Trace
	for some := range slices.Chunk(ids, chunk) {
		traces := map[TraceID]*summary{}
		if err := s.addShares(ctx, traces, some); err != nil {
			return nil, err
		}
		var rest []TraceID
		for _, id := range some {
			if t := traces[id]; t != nil {
				if t.finish(); wanted(&t.Trace) {
					rest = append(rest, id)
				}
			}
		}
		if err := s.addRoots(ctx, traces, rest); err != nil {
			return nil, err
		}
		for _, id := range rest {
			found = append(found, traces[id].Trace)
		}
	}
	return found, nil
}

// summary is a trace that is being summed up.
type summary struct {
	Trace
	start, end uint64 // in nanoseconds since the Unix epoch; a start of zero is not known
}

// unsignedStart is the column start_unix_nano, whose bits are those of a uint64, as a number that has the order of those:
// 2^63 less.
const unsignedStart = `CASE WHEN start_unix_nano < 0 THEN start_unix_nano + 9223372036854775807 + 1
	ELSE start_unix_nano - 9223372036854775807 - 1 END`

// unsigned returns what such a number stands for.
func unsigned(ordered int64) uint64 { return uint64(ordered) ^ 1<<63 }

// addShares adds what is known of each service in a trace. A span that ends before it starts, or that has no end,
// ends when it starts; so does one whose end is beyond all numbers.
func (s *Store) addShares(ctx context.Context, traces map[TraceID]*summary, ids []TraceID) error {
	q := from(s.db, `SELECT trace_id, service, count(*), sum(CASE WHEN status_code = 2 THEN 1 ELSE 0 END), min(time), min(started),
	max(CASE WHEN duration_nano < 0 THEN started WHEN started > 9223372036854775807 - duration_nano THEN started ELSE started + duration_nano END)
	FROM (SELECT trace_id, service, status_code, time, duration_nano, `+unsignedStart+` AS started FROM otlp_spans`)
	q.and(q.among("trace_id", len(ids), func(i int) any { return ids[i][:] }))
	q.write(") AS spans GROUP BY trace_id, service")
	return s.run(ctx, q, func(c columns) error {
		row := scan{columns: c}
		id := TraceID(row.id())
		share := ServiceShare{string(row.data()), int(row.int64()), int(row.int64())}
		first, start, end := row.uint64(), unsigned(row.int64()), unsigned(row.int64())
		t := traces[id]
		if t == nil {
			t = &summary{Trace: Trace{ID: id, first: first}, start: start, end: end}
			traces[id] = t
		}
		t.Services = append(t.Services, share)
		t.Spans += share.Spans
		t.Errors += share.Errors
		t.first, t.start, t.end = min(t.first, first), min(t.start, start), max(t.end, end)
		return nil
	})
}

func (s *Store) addRoots(ctx context.Context, traces map[TraceID]*summary, ids []TraceID) error {
	if len(ids) == 0 {
		return nil
	}
	q := from(s.db, `SELECT trace_id, service, name, status_code, orphan FROM (SELECT trace_id, service, name, status_code,
	CASE WHEN parent_span_id IS NULL THEN 0 ELSE 1 END AS orphan, row_number() OVER (PARTITION BY trace_id
	ORDER BY CASE WHEN parent_span_id IS NULL THEN 0 ELSE 1 END, start_unix_nano, span_id) AS place FROM otlp_spans`)
	q.and(q.among("trace_id", len(ids), func(i int) any { return ids[i][:] }))
	q.write(") AS ranked WHERE place = 1")
	return s.run(ctx, q, func(c columns) error {
		row := scan{columns: c}
		if t := traces[TraceID(row.id())]; t != nil {
			t.Root = Root{string(row.data()), string(row.data()), row.int64() == statusError, row.int64() == 1}
		}
		return nil
	})
}

// finish does what takes all services.
func (t *summary) finish() {
	if t.start == 0 { // some span does not say when it began
		t.start = t.first
	}
	t.Start = t.start
	if t.end > t.start {
		t.Duration = time.Duration(min(t.end-t.start, math.MaxInt64))
	}
	slices.SortFunc(t.Services, func(a, b ServiceShare) int {
		return cmp.Or(cmp.Compare(b.Spans, a.Spans), cmp.Compare(a.Service, b.Service))
	})
}
