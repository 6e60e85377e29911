package receiver

import (
	"maps"
	"slices"
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
func (r *Receiver) receipt() Receipt {
	all := Receipt{Uptime: time.Since(r.started)}
	for _, s := range r.exporters(r.now.Load()) {
		for sig, books := range s.Books {
			all.Entries = append(all.Entries, pipeline.Entry{Exporter: s.Name, Signal: sig, Books: books})
		}
	}
	pipeline.SortEntries(all.Entries)
	return all
}

// exporters returns the state of every exporter that there is or was, by name.
func (r *Receiver) exporters(g *generation) []pipeline.State {
	past := r.leaving.states()
	var all []pipeline.State
	for _, id := range sortedKeys(g.graph.destinations) {
		s := g.graph.destinations[id].State()
		if before, again := past[s.Name]; again {
			s = s.Plus(before)
			delete(past, s.Name)
		}
		all = append(all, s)
	}
	for _, name := range slices.Sorted(maps.Keys(past)) {
		all = append(all, past[name])
	}
	return all
}

func sortedKeys[V any](m map[ID]V) []ID { return slices.Sorted(maps.Keys(m)) }
