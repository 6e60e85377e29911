package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// MaxSpans is how many spans of a trace are read.
const MaxSpans = 100_000

// errNotFound is the error of an ID that no trace has.
var errNotFound = errors.New("not found")

// Find returns the ID of the only trace whose ID begins with a text: hexadecimal digits in either case, with or without
// dashes.
func (s *Store) Find(ctx context.Context, prefix string) (TraceID, error) {
	first, last, err := bounds(prefix)
	if err != nil {
		return TraceID{}, err
	}
	const shown = 3
	q := from(s.db, "SELECT trace_id FROM otlp_spans")
	q.and("trace_id >= " + q.arg(first[:]))
	q.and("trace_id <= " + q.arg(last[:]))
	q.write(" GROUP BY trace_id ORDER BY trace_id LIMIT " + q.arg(int64(shown)))
	var found []TraceID
	err = s.run(ctx, q, func(c columns) error {
		found = append(found, TraceID((&scan{columns: c}).id()))
		return nil
	})
	switch {
	case err != nil:
		return TraceID{}, err
	case len(found) == 0:
		err := fmt.Errorf("trace %s: %w", prefix, errNotFound)
		return TraceID{}, hinted.New(err, "list the newest traces with otlpctl traces")
	case len(found) > 1:
		err := fmt.Errorf("trace %s: several begin with it, such as %s and %s", prefix, found[0], found[1])
		return TraceID{}, hinted.New(err, "give more of its digits")
	}
	return found[0], nil
}

// Spans returns all spans of traces, up to MaxSpans, in the order of their time.
func (s *Store) Spans(ctx context.Context, ids []TraceID) ([]*row.Span, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	q := from(s.db, "SELECT "+spanColumns+" FROM otlp_spans")
	q.and(q.among("trace_id", len(ids), func(i int) any { return ids[i][:] }))
	q.write(" ORDER BY time, key LIMIT " + q.arg(int64(MaxSpans)))
	var spans []*row.Span
	err := s.run(ctx, q, rows(&spans, (*scan).span))
	return spans, err
}
