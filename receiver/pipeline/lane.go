package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// retryAfterFull is what a client is told when a queue is full.
const retryAfterFull = time.Second

// Lane is the way of one pipeline to one exporter, with the pipeline's batching.
type Lane struct {
	dest   *Destination
	limits Limits
	open   map[string]*Batch // by group; guarded by the queue's lock
}

// Lane returns a new way into the destination for requests of the signal.
// It must be called before Run.
func (d *Destination) Lane(sig wire.Signal, limits Limits) *Lane {
	if !sig.Merges() {
		limits.Timeout = 0
	}
	if most := d.settings.MaxRequestBytes; most > 0 && (limits.MaxBytes == 0 || limits.MaxBytes > most) {
		limits.MaxBytes = most
	}
	l := &Lane{dest: d, limits: limits, open: map[string]*Batch{}}
	d.queue.lanes = append(d.queue.lanes, l)
	return l
}

// waits reports whether the client gets the exporter's verdict.
func (l *Lane) waits() bool { return l.dest.settings.Queue.waits() }

// opened begins the timeout of a new batch.
func (l *Lane) opened(group string, b *Batch) {
	l.open[group] = b
	if l.limits.Timeout > 0 {
		time.AfterFunc(l.limits.Timeout, func() { l.dest.queue.flush(l, group, b) })
	}
}

// offer puts p into the queue. It fails with an *OverloadError if there is no
// room; the books do not change then.
func (l *Lane) offer(ctx context.Context, p *Payload) error {
	d := l.dest
	pieces, tooLarge := []Payload(nil), 0
	if l.limits.exceeds(p.Items, p.Data.Len()) {
		var err error
		if pieces, tooLarge, err = l.limits.split(p, d.settings.MaxRequestBytes, d.pool); err != nil {
			return fmt.Errorf("split request: %w", err)
		}
		defer freeAll(pieces)
	}
	q := &d.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := l.makeRoom(ctx, p); err != nil {
		return err
	}
	now := time.Now()
	if pieces == nil && tooLarge == 0 {
		q.put(l, p, now)
		return nil
	}
	for i := range pieces {
		q.put(l, &pieces[i], now)
	}
	a := &q.accounts[p.Signal]
	a.accepted += int64(tooLarge)
	a.dropped[TooLarge] += int64(tooLarge)
	return nil
}

// makeRoom returns nil once p fits. The queue's lock is held, but for the time
// it waits.
func (l *Lane) makeRoom(ctx context.Context, p *Payload) error {
	q := &l.dest.queue
	for {
		if _, open := l.open[p.Group]; !open && l.limits.MaxGroups > 0 && len(l.open) >= l.limits.MaxGroups {
			return &OverloadError{What: fmt.Sprintf("exporter %s has %d open batches, one for each combination of metadata_keys", l.dest.name, len(l.open)), After: retryAfterFull}
		}
		if q.fits(l, p) {
			return nil
		}
		full := &OverloadError{What: "the queue of exporter " + l.dest.name + " is full", After: retryAfterFull}
		if !l.dest.settings.Queue.BlockOnOverflow || q.closed {
			return full
		}
		room := q.await()
		q.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
		case <-l.dest.draining:
		}
		q.mu.Lock()
		if ctx.Err() != nil {
			return full
		}
	}
}

// refused books p as dropped because this queue alone had no room for it.
func (l *Lane) refused(p *Payload) {
	q := &l.dest.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	q.accounts[p.Signal].accepted += int64(p.Items)
	q.accounts[p.Signal].dropped[QueueFull] += int64(p.Items)
}

// through sends p while the client waits, and returns the backend's verdict.
// Requests are not batched then, so that each gets its own answer. A failed
// request was not accepted and does not appear in the books.
func (l *Lane) through(ctx context.Context, p *Payload) (Partial, error) {
	d := l.dest
	pieces := []Payload{*p}
	tooLarge := 0
	if l.limits.exceeds(p.Items, p.Data.Len()) {
		var err error
		if pieces, tooLarge, err = l.limits.split(p, d.settings.MaxRequestBytes, d.pool); err != nil {
			return Partial{}, fmt.Errorf("split request: %w", err)
		}
		defer freeAll(pieces)
	}
	var total Partial
	if tooLarge > 0 {
		total = Partial{Rejected: int64(tooLarge), Message: fmt.Sprintf("items larger than %d bytes cannot be sent on", d.settings.MaxRequestBytes)}
		d.queue.bookWhole(p.Signal, int64(tooLarge), outcome{err: errTooLarge, reason: TooLarge})
	}
	for i := range pieces {
		o := d.sendPiece(ctx, &pieces[i])
		if o.err != nil {
			return total, o.err
		}
		d.queue.bookWhole(p.Signal, int64(pieces[i].Items), o)
		total.Rejected += o.partial.Rejected
		if o.partial.Message != "" {
			total.Message = o.partial.Message
		}
	}
	return total, nil
}

// sendPiece sends one payload as a batch of its own.
func (d *Destination) sendPiece(ctx context.Context, p *Payload) outcome {
	b := &Batch{Signal: p.Signal, oldest: time.Now()}
	b.add(p, d.settings.Passthrough, d.pool)
	b.closeTail(d.pool)
	defer b.free()
	return d.send(ctx, b)
}

// bookWhole books items from acceptance to outcome in one step.
func (q *queue) bookWhole(sig wire.Signal, items int64, o outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.accounts[sig].accepted += items
	q.accounts[sig].settle(items, o)
}
