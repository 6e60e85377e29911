package sqlite

import "github.com/otlpctl/otlpctl/receiver/export/database/row"

// table is one of those whose rows items refer to.
type table uint8

const (
	resources table = iota
	scopes
	metrics
)

// mostSeen bounds how many rows are remembered: some MiB.
const mostSeen = 1 << 15

// seen remembers which rows are in the database with the date of today, so that they need not be written again.
// It must forget everything when a transaction is undone.
type seen struct {
	today int64
	rows  map[reference]struct{}
}

type reference struct {
	table table
	id    row.ID
}

// day begins a day, on which nothing was seen yet.
func (s *seen) day(today int64) {
	if s.today != today {
		s.today = today
		s.forget()
	}
}

func (s *seen) forget() { clear(s.rows) }

func (s *seen) already(t table, id row.ID) bool {
	_, ok := s.rows[reference{t, id}]
	return ok
}

func (s *seen) add(t table, id row.ID) {
	if s.rows == nil {
		s.rows = map[reference]struct{}{}
	}
	if len(s.rows) >= mostSeen {
		s.forget()
	}
	s.rows[reference{t, id}] = struct{}{}
}
