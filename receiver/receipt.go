package receiver

import (
	"time"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Receipt is what became of everything that was accepted, from start to end.
type Receipt struct {
	Uptime time.Duration
	// Entries has one account for each exporter and signal that was used.
	Entries []pipeline.Entry
}

// Lost returns how many accepted items were not delivered: dropped, refused by
// the backend, or still queued.
func (r Receipt) Lost() int64 {
	var lost int64
	for _, e := range r.Entries {
		lost += e.Lost() + e.Queued
	}
	return lost
}

// Unexplained returns how many items the accounts cannot explain. Anything but
// zero is a bug.
func (r Receipt) Unexplained() int64 {
	var n int64
	for _, e := range r.Entries {
		n += max(e.Unexplained(), -e.Unexplained())
	}
	return n
}

// receipt closes the books.
func (g *graph) receipt(started time.Time) Receipt {
	r := Receipt{Uptime: time.Since(started)}
	for id, d := range g.destinations {
		for sig, books := range d.State().Books {
			r.Entries = append(r.Entries, pipeline.Entry{Exporter: string(id), Signal: sig, Books: books})
		}
	}
	pipeline.SortEntries(r.Entries)
	return r
}
