package pipeline

import (
	"context"
	"time"
)

// Exporter delivers batches to one place. Destination calls it from several
// goroutines at a time.
type Exporter interface {
	// Export makes one attempt to deliver b. It must not keep or change b or its
	// buffers after it has returned, but by references of its own. A failure is a
	// *RetryableError, a *RejectedError, or any other error for what no retry mends
	// and no backend said; a *DividedError if parts of the batch differ in that. With
	// a nil error the batch was accepted but for what Partial counts.
	Export(ctx context.Context, b *Batch) (Partial, error)
	// Close ends connections and files after the last Export has returned.
	Close(ctx context.Context) error
}

// Partial is a backend's partial success: a batch that it took except for some items.
type Partial struct {
	// Rejected is how many items it did not take; zero with a Message is a warning.
	Rejected int64
	Message  string
	// Reasons says why, as far as that is known: for the rest of Rejected it is RefusedPartly.
	Reasons Refusals
}

// rejectedOf returns how many of so many items were not taken, whatever nonsense
// the backend says.
func (p *Partial) rejectedOf(items int64) int64 { return min(max(p.Rejected, 0), items) }

// reasonsOf returns why so many items of a batch were not taken: as many reasons as rejectedOf has items.
func (p *Partial) reasonsOf(items int64) Refusals {
	left := p.rejectedOf(items)
	var reasons Refusals
	for reason, n := range p.Reasons {
		reasons[reason] = min(max(n, 0), left)
		left -= reasons[reason]
	}
	reasons[RefusedPartly] += left
	return reasons
}

// Settings is how a Destination treats its exporter.
type Settings struct {
	Queue QueueConfig
	Retry RetryConfig
	// Timeout bounds one attempt; zero is no bound.
	Timeout time.Duration
	// Passthrough says which gzip members the exporter can send on.
	Passthrough Passthrough
	// MaxRequestBytes splits larger requests; an item larger than it is dropped.
	// Zero is no bound.
	MaxRequestBytes int
	// MaxHeldBytes bounds the memory that the queue keeps alive; zero is no bound.
	MaxHeldBytes int64
}

// MaxOTLPRequestBytes is the most that an OTLP client may send in one request,
// before compression (OTLP 1.11, "Maximum request size").
const MaxOTLPRequestBytes = 64 << 20
