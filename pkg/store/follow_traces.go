package store

import (
	"context"
	"time"
)

// A trace is shown when nothing of it has come for settled, or has been waited for as long as patience. What comes of it
// later does not show it again unless that is after a pause of forgotten.
const (
	settled   = 2 * time.Second
	patience  = 10 * time.Second
	forgotten = 10 * time.Minute
)

// FollowTraces calls f for the newest traces, and then for each of which a span arrives that matches, as soon as it seems
// to be complete, until ctx ends.
func (s *Store) FollowTraces(ctx context.Context, f TraceFilter, to Followed[Trace]) error {
	since := nanos(f.Since)
	f.Until = time.Time{}
	a := &arrivals{store: s, table: "otlp_spans", since: since, trace: true, condition: func(q *query) error {
		spans := f
		spans.Range = Range{} // what arrives has the same bound
		spans.ofSpans(q)
		return nil
	}}
	if err := a.begin(ctx); err != nil {
		return err
	}
	first, err := s.Traces(ctx, f)
	if err != nil {
		return err
	}
	w := waiting{}
	for _, t := range first {
		w[t.ID] = &awaited{last: time.Now(), shown: true}
	}
	if err := to.New(first); err != nil {
		return err
	}
	return a.follow(ctx, to.Outage, func(fresh []arrival) (func() error, error) {
		w.add(fresh, time.Now())
		due := w.due(time.Now())
		traces, err := s.summaries(ctx, due, f.wants)
		if err != nil {
			return nil, err
		}
		w.done(due)
		if len(traces) == 0 {
			return nothing, nil
		}
		return func() error { return to.New(newest(traces, len(traces))) }, nil
	})
}

// waiting is the traces of which spans have come.
type waiting map[TraceID]*awaited

type awaited struct {
	first, last time.Time
	shown       bool
}

func (w waiting) add(spans []arrival, now time.Time) {
	for _, span := range spans {
		t := w[span.trace]
		if t == nil {
			t = &awaited{first: now}
			w[span.trace] = t
		}
		t.last = now
	}
}

// due returns the traces to show.
func (w waiting) due(now time.Time) (ids []TraceID) {
	for id, t := range w {
		switch quiet := now.Sub(t.last); {
		case t.shown && quiet >= forgotten:
			delete(w, id)
		case !t.shown && (quiet >= settled || now.Sub(t.first) >= patience):
			ids = append(ids, id)
		}
	}
	return ids
}

// done takes note of what has been shown.
func (w waiting) done(ids []TraceID) {
	for _, id := range ids {
		w[id].shown = true
	}
}
