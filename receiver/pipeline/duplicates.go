package pipeline

// deduplicator is an Exporter whose backend keeps an item once, however often it comes.
type deduplicator interface {
	// Duplicates returns how many items the backend had already. It does not wait.
	Duplicates() int64
}

// wrapper is an Exporter that opens another one, which it returns; nil before. It does not wait.
type wrapper interface{ Unwrap() Exporter }

// duplicates returns how many items the exporter's backend had already, or nil if that is not known.
func (st *station) duplicates() *int64 {
	e := st.exporter
	if w, ok := e.(wrapper); ok {
		e = w.Unwrap()
	}
	d, ok := e.(deduplicator)
	if !ok {
		return nil
	}
	return new(d.Duplicates())
}

// sum adds two figures of which neither may be known.
func sum(a, b *int64) *int64 {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return new(*a + *b)
}
