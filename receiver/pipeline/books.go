package pipeline

import (
	"slices"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Reason is why items that were accepted for an exporter were not delivered,
// other than the backend's own refusal.
type Reason uint8

const (
	// QueueFull: another exporter of the same request had room, this one had not.
	QueueFull Reason = iota
	// RetriesExhausted: retry_on_failure.max_elapsed_time ran out, or retrying is off.
	RetriesExhausted
	// TooLarge: a single item exceeds what the protocol lets an exporter send.
	TooLarge
	// ExportFailed: the exporter failed in a way that no retry mends.
	ExportFailed
	// ShutDown: the time to drain the queue ran out, or nobody wanted to wait for it.
	ShutDown
	numReasons
)

// Reasons returns every reason.
func Reasons() []Reason {
	return []Reason{QueueFull, RetriesExhausted, TooLarge, ExportFailed, ShutDown}
}

// String returns the reason as it stands in metrics and /status.
func (r Reason) String() string {
	return [numReasons]string{"queue_full", "retries_exhausted", "too_large", "export_failed", "shutdown"}[r]
}

// Books is the account of one signal at one exporter, in items, at one moment:
//
//	Accepted = Exported + Queued + Spooled + Rejected + the sum of Dropped
//
// Every term is counted where it happens; Unexplained says whether they add up.
type Books struct {
	Accepted int64 `json:"accepted"`
	Exported int64 `json:"exported"`
	// Queued items wait or are being sent.
	Queued int64 `json:"queued"`
	// Spooled items are on disk.
	Spooled int64 `json:"spooled"`
	// Rejected items were refused by the backend, whole requests and partial success alike.
	Rejected int64 `json:"rejected_by_backend"`
	// RejectedReasons says why, by the names of Refusal; together they are Rejected.
	RejectedReasons map[string]int64 `json:"rejected_reasons"`
	Dropped         map[string]int64 `json:"dropped"`
}

// plus returns the sum of two accounts.
func (b Books) plus(other Books) Books {
	return Books{
		Accepted: b.Accepted + other.Accepted, Exported: b.Exported + other.Exported, Queued: b.Queued + other.Queued,
		Spooled: b.Spooled + other.Spooled, Rejected: b.Rejected + other.Rejected,
		RejectedReasons: together(b.RejectedReasons, other.RejectedReasons), Dropped: together(b.Dropped, other.Dropped),
	}
}

// together adds up what was counted by reason.
func together(a, b map[string]int64) map[string]int64 {
	sum := make(map[string]int64, len(a)+len(b))
	for _, part := range []map[string]int64{a, b} {
		for reason, n := range part {
			sum[reason] += n
		}
	}
	return sum
}

// Lost returns how many accepted items will never be delivered.
func (b Books) Lost() int64 {
	lost := b.Rejected
	for _, n := range b.Dropped {
		lost += n
	}
	return lost
}

// Unexplained returns by how much the account does not balance; it must be zero.
func (b Books) Unexplained() int64 {
	return b.Accepted - b.Exported - b.Queued - b.Spooled - b.Lost()
}

// account is the running form of Books; the queue's lock guards it.
type account struct {
	accepted int64
	exported int64
	queued   int64
	rejected Refusals
	dropped  [numReasons]int64
}

func (a *account) books() Books {
	b := Books{
		Accepted: a.accepted, Exported: a.exported, Queued: a.queued,
		Rejected: a.rejected.total(), RejectedReasons: a.rejected.byName(), Dropped: map[string]int64{},
	}
	for _, r := range Reasons() {
		if n := a.dropped[r]; n != 0 {
			b.Dropped[r.String()] = n
		}
	}
	return b
}

// idle reports whether the signal was never used.
func (a *account) idle() bool { return *a == account{} }

// Entry is the account of one signal at one exporter.
type Entry struct {
	Exporter string
	Signal   wire.Signal
	Books
}

// SortEntries orders entries by exporter, then signal.
func SortEntries(entries []Entry) {
	slices.SortFunc(entries, func(a, b Entry) int {
		if a.Exporter != b.Exporter {
			if a.Exporter < b.Exporter {
				return -1
			}
			return 1
		}
		return int(a.Signal) - int(b.Signal)
	})
}
