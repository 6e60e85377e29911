package postgres

import (
	"fmt"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

var _ row.Visitor = (*batch)(nil)

// batch is a batch as the database takes it. It is used again, for its buffers.
type batch struct {
	decoder row.Decoder
	rows    rows
	seen    *seen
	known   int // how often seen had been made to forget before
	today   day
	fresh   [numReferences]map[row.ID]referred // what the database may not know
}

// maxKept is the largest buffer of a batch that is kept for the next, in bytes.
const maxKept = 16 << 20

// decode reads b. Nothing of b is referred to behind it.
func (w *batch) decode(b *pipeline.Batch, today day) error {
	w.known, w.today = w.seen.forgotten(), today
	w.rows.reset(b.Admitted())
	for i := range w.fresh {
		clear(w.fresh[i])
	}
	w.decoder.Reset(row.Origin{Received: b.Admitted()})
	for _, part := range b.Parts {
		if err := w.decoder.Decode(b.Signal, part.Data.ReadOnlyData(), w); err != nil {
			return fmt.Errorf("decode %s: %w", b.Signal, err)
		}
	}
	return nil
}

// isNew reports whether the database may have to be told of an ID.
func (w *batch) isNew(kind reference, id row.ID) bool {
	if _, ok := w.fresh[kind][id]; ok || w.seen.has(kind, id, w.today) {
		return false
	}
	if w.fresh[kind] == nil {
		w.fresh[kind] = map[row.ID]referred{}
	}
	return true
}

func (w *batch) Resource(r *row.Resource) error {
	if w.isNew(resources, r.ID) {
		w.fresh[resources][r.ID] = resourceFields(r)
	}
	return nil
}

func (w *batch) Scope(s *row.Scope) error {
	if w.isNew(scopes, s.ID) {
		w.fresh[scopes][s.ID] = scopeFields(s)
	}
	return nil
}

func (w *batch) Metric(m *row.Metric) error {
	if w.isNew(metrics, m.ID) {
		w.fresh[metrics][m.ID] = metricFields(m)
	}
	return nil
}

func (w *batch) Span(s *row.Span) error {
	w.rows.addSpan(s)
	return nil
}

func (w *batch) Point(p *row.Point) error {
	w.rows.addPoint(p)
	return nil
}

func (w *batch) Log(l *row.Log) error {
	w.rows.addLog(l)
	return nil
}
