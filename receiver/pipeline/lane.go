package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// retryAfterFull is what a client is told when a queue is full.
const retryAfterFull = time.Second

// Lane is the way of one pipeline to one exporter, with the pipeline's batching.
type Lane struct {
	dest   *Destination
	limits Limits
	// Guarded by the queue's lock.
	open    map[string]*Batch // by group
	retired bool              // requests may still come, but no more than are on their way
}

// Lane returns a new way into the destination for requests of the signal.
func (d *Destination) Lane(sig wire.Signal, limits Limits) *Lane {
	if !sig.Merges() {
		limits.Timeout = 0
	}
	limits.MaxBytes = lower(limits.MaxBytes, d.station().settings.MaxRequestBytes)
	l := &Lane{dest: d, limits: limits, open: map[string]*Batch{}}
	d.queue.mu.Lock()
	defer d.queue.mu.Unlock()
	d.queue.lanes = append(d.queue.lanes, l)
	return l
}

// lower returns the lower of two bounds, of which zero is none.
func lower(a, b int) int {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// retire ends a lane that new requests do not take any more. What it has
// gathered is sent.
func (l *Lane) retire() {
	q := &l.dest.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	l.retired = true
	for group := range l.open {
		q.seal(l, group)
	}
	q.lanes = slices.DeleteFunc(q.lanes, func(other *Lane) bool { return other == l })
}

// waits reports whether the client gets the exporter's verdict.
func (l *Lane) waits() bool { return l.dest.station().settings.Queue.waits() }

// opened begins the timeout of a new batch.
func (l *Lane) opened(group string, b *Batch) {
	l.open[group] = b
	if l.limits.Timeout > 0 {
		b.timer = time.AfterFunc(l.limits.Timeout, func() { l.dest.queue.flush(l, group, b) })
	}
}

// pieces returns p as the payloads that the lane carries, and how many items are
// in none of them because they are too large. The caller frees the payloads. Most
// often there is one, which is appended to own.
func (l *Lane) pieces(p *Payload, own []Payload) (pieces []Payload, tooLarge int, err error) {
	if !l.limits.exceeds(p.Items, p.Data.Len()) {
		p.Data.Ref()
		return append(own, *p), 0, nil
	}
	pieces, tooLarge, err = l.limits.split(p, l.dest.station().settings.MaxRequestBytes, l.dest.pool)
	if err != nil {
		freeAll(pieces)
		return nil, 0, fmt.Errorf("split request: %w", err)
	}
	return pieces, tooLarge, nil
}

// offer puts p into the queue. It fails with an *OverloadError if there is no
// room; the books do not change then.
func (l *Lane) offer(ctx context.Context, p *Payload) error {
	var own [1]Payload
	pieces, tooLarge, err := l.pieces(p, own[:0])
	if err != nil {
		return err
	}
	defer freeAll(pieces)
	if err := l.admit(ctx, p, pieces); err != nil {
		return err
	}
	l.drop(p.Signal, tooLarge, outcome{err: errTooLarge, reason: TooLarge})
	return nil
}

// admit puts the pieces of p into the queue once there is room.
func (l *Lane) admit(ctx context.Context, p *Payload, pieces []Payload) error {
	size := 0
	for i := range pieces {
		size += footprint(pieces[i].Data)
	}
	q := &l.dest.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := l.makeRoom(ctx, p, size); err != nil {
		return err
	}
	now := time.Now()
	for i := range pieces {
		// An exporter may tell items of different batches apart by when these were admitted, and by nothing else.
		q.put(l, &pieces[i], now.Add(time.Duration(i)))
	}
	return nil
}

// makeRoom returns nil once p, which takes size bytes of memory, fits. The
// queue's lock is held, but for the time it waits.
func (l *Lane) makeRoom(ctx context.Context, p *Payload, size int) error {
	q := &l.dest.queue
	for {
		if q.closed { // nobody may be left to send it
			return &OverloadError{What: "exporter " + l.dest.name + " is stopping", After: retryAfterFull}
		}
		if _, open := l.open[p.Group]; !open && l.limits.MaxGroups > 0 && len(l.open) >= l.limits.MaxGroups {
			return &OverloadError{What: fmt.Sprintf("exporter %s has %d open batches, one for each combination of metadata_keys", l.dest.name, len(l.open)), After: retryAfterFull}
		}
		if q.fits(l, p, size) {
			return nil
		}
		full := &OverloadError{What: "the queue of exporter " + l.dest.name + " is full", After: retryAfterFull}
		if !l.dest.station().settings.Queue.BlockOnOverflow {
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
	l.drop(p.Signal, p.Items, outcome{err: errQueueFull, reason: QueueFull})
}

// drop books items that never got into the queue.
func (l *Lane) drop(sig wire.Signal, items int, o outcome) {
	if items == 0 {
		return
	}
	l.dest.queue.bookWhole(sig, int64(items), o)
	l.dest.health.drop(l.dest.log, sig, items, o)
}

// through sends p while the client waits, and returns the backend's verdict.
// Requests are not batched then, so that each gets its own answer. A failed
// request was not accepted and does not appear in the books.
func (l *Lane) through(ctx context.Context, p *Payload) (Partial, error) {
	d := l.dest
	var own [1]Payload
	pieces, tooLarge, err := l.pieces(p, own[:0])
	if err != nil {
		return Partial{}, err
	}
	defer freeAll(pieces)
	var total Partial
	if tooLarge > 0 {
		total = Partial{Rejected: int64(tooLarge), Message: fmt.Sprintf("items larger than %d bytes cannot be sent on", d.station().settings.MaxRequestBytes)}
	}
	for i := range pieces {
		o := d.sendPiece(ctx, &pieces[i])
		items := int64(pieces[i].Items)
		partial, err := o.partialOf(items)
		if err != nil {
			return total, err
		}
		d.queue.bookWhole(p.Signal, items, o)
		total.add(partial)
	}
	// Last, as a request that failed is not in the books and comes again.
	l.drop(p.Signal, tooLarge, outcome{err: errTooLarge, reason: TooLarge})
	return total, nil
}

// sendPiece sends one payload as a batch of its own.
func (d *Destination) sendPiece(ctx context.Context, p *Payload) outcome {
	b := &Batch{Signal: p.Signal, oldest: time.Now()}
	b.add(p, d.station().settings.Passthrough, d.pool)
	b.closeTail(d.pool)
	defer b.Free()
	return d.send(ctx, b)
}

// bookWhole books items from acceptance to outcome in one step.
func (q *queue) bookWhole(sig wire.Signal, items int64, o outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.accounts[sig].accepted += items
	q.accounts[sig].settle(items, o)
}
