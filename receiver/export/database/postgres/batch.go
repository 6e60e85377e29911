package postgres

import (
	"github.com/otlpctl/otlpctl/receiver/export/database/internal/portion"
	"github.com/otlpctl/otlpctl/receiver/export/database/row"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

var _ row.Visitor = (*batch)(nil)

// maxKept is the largest buffer of a batch that is kept for the next, in bytes.
const maxKept = 2 * maxPartBytes

// maxPartBytes is how many bytes of rows a part has at most, together with its largest item: one part at a time is in memory
// as rows, and a request can become far more than its size.
const maxPartBytes = 16 << 20

// batch is a batch as the database takes it, and the part of it that comes next. It is used again, for its buffers.
type batch struct {
	decoder row.Decoder
	rows    rows
	seen    *seen
	known   int // how often seen had been made to forget before
	today   day
	fresh   [numReferences]map[row.ID]referred // what the database may not know
	around  int                                // bytes of fresh
	write   func() error                       // writes the part
	size    *portion.Size                      // of parts

	mostItems, mostBytes int // of a part
	settled              int // items of the batch, from the first on, that are written or refused
	ofPart               int // those of them in the part
}

// decode calls write with one part of b after the other, without the items that are settled already. It fails as
// write does. Nothing of b is referred to behind it.
func (w *batch) decode(b *pipeline.Batch, today day, write func() error) error {
	w.known, w.today, w.write = w.seen.forgotten(), today, write
	defer func() { w.write = nil }()
	w.rows.received = unixNano(b.Admitted())
	w.mostItems, w.mostBytes = w.size.Of(portion.MaxItems), w.size.Of(maxPartBytes)
	w.begin()
	w.decoder.Reset(row.Origin{Received: b.Admitted(), Skip: b.Passed() + w.settled})
	for _, part := range b.Parts {
		if err := w.decoder.Decode(b.Signal, part.Data.ReadOnlyData(), w); err != nil {
			return err
		}
	}
	if w.rows.len() == 0 {
		return nil
	}
	return write()
}

// begin begins a part.
func (w *batch) begin() {
	w.rows.reset()
	for i := range w.fresh {
		clear(w.fresh[i])
	}
	w.around, w.ofPart = 0, 0
}

// added writes the part if it is full. The next one stands by itself.
func (w *batch) added() error {
	if w.rows.len() < w.mostItems && len(w.rows.buf)+w.around < w.mostBytes {
		return nil
	}
	if err := w.write(); err != nil {
		return err
	}
	w.begin()
	w.decoder.Retell()
	return nil
}

// settle says that the items of the part before one of them are written or refused.
func (w *batch) settle(before int) {
	w.settled += before - w.ofPart
	w.ofPart = before
}

// result returns what an attempt to write b has come to, of which the rest failed with err.
func (w *batch) result(b *pipeline.Batch, refused pipeline.Partial, err error) (pipeline.Partial, error) {
	w.size.Learn(w.settled, err)
	switch {
	case err == nil:
		return refused, nil
	case w.settled > 0:
		return pipeline.Partial{}, &pipeline.DividedError{
			Settled: []pipeline.Settled{{Items: w.settled, Partial: refused}}, Rest: b.After(w.settled), Err: err,
		}
	default:
		return pipeline.Partial{}, err
	}
}

// isNew reports whether the database may have to be told of an ID.
func (w *batch) isNew(kind reference, id row.ID) bool {
	if _, ok := w.fresh[kind][id]; ok || w.seen.has(kind, id, w.today) {
		return false
	}
	return true
}

// tell notes what the database may not know.
func (w *batch) tell(kind reference, id row.ID, fields referred) {
	if w.fresh[kind] == nil {
		w.fresh[kind] = map[row.ID]referred{}
	}
	w.fresh[kind][id] = fields
	w.around += fields.size()
}

func (w *batch) Resource(r *row.Resource) error {
	if w.isNew(resources, r.ID) {
		w.tell(resources, r.ID, resourceFields(r))
	}
	return nil
}

func (w *batch) Scope(s *row.Scope) error {
	if w.isNew(scopes, s.ID) {
		w.tell(scopes, s.ID, scopeFields(s))
	}
	return nil
}

func (w *batch) Metric(m *row.Metric) error {
	if w.isNew(metrics, m.ID) {
		w.tell(metrics, m.ID, metricFields(m))
	}
	return nil
}

func (w *batch) Span(s *row.Span) error {
	w.rows.addSpan(s)
	return w.added()
}

func (w *batch) Point(p *row.Point) error {
	w.rows.addPoint(p)
	return w.added()
}

func (w *batch) Log(l *row.Log) error {
	w.rows.addLog(l)
	return w.added()
}
