package pipeline

import (
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// queue holds the batches of one Destination, open and complete, and its books.
// One lock guards all of it, so that every snapshot balances.
type queue struct {
	mu     sync.Mutex
	wake   sync.Cond     // a batch became ready, or the queue was closed
	room   chan struct{} // closed when something was settled; nil if nobody waits
	closed bool
	ready  []*Batch
	flying map[*Batch][]share // what is settled of each
	lanes  []*Lane

	most    int64              // of held; zero is no bound
	wanted  int                // consumers
	hire    func(consumer int) // starts one; nil before begin
	working []bool             // consumers, by index

	requests int64 // batches: open, ready and being sent
	items    int64
	bytes    int64
	held     int64
	accounts [4]account
}

func (q *queue) init(s *Settings) {
	q.wake.L = &q.mu
	q.flying = map[*Batch][]share{}
	q.most, q.wanted = s.MaxHeldBytes, s.Queue.NumConsumers
}

// outcome is how the delivery of a batch ended.
type outcome struct {
	partial Partial
	err     error // nil: delivered
	refused bool  // by the backend; otherwise reason says why it was dropped
	refusal Refusal
	reason  Reason
	shares  []share // parts of the batch that have ended otherwise: the rest is for what is left
}

// why names the reason of a failed delivery.
func (o *outcome) why() string {
	if o.refused {
		return "rejected_by_backend"
	}
	return o.reason.String()
}

// fits reports whether there is room on lane l for p, which takes size bytes of
// memory. An empty queue takes any one request, so that none is too large for ever.
func (q *queue) fits(l *Lane, p *Payload, size int) bool {
	if q.requests == 0 {
		return true
	}
	s := &l.dest.station().settings
	if q.most > 0 && q.held+int64(size) > q.most {
		return false
	}
	switch s.Queue.Sizer {
	case Items:
		return q.items+int64(p.Items) <= s.Queue.QueueSize
	case Bytes:
		return q.bytes+int64(p.Data.Len()) <= s.Queue.QueueSize
	default:
		open := l.open[p.Group]
		return q.requests < s.Queue.QueueSize || open != nil && !l.limits.exceeds(open.Items+p.Items, open.Bytes+p.Data.Len())
	}
}

// put books p and adds it to the lane's open batch.
func (q *queue) put(l *Lane, p *Payload, now time.Time) {
	a := &q.accounts[p.Signal]
	a.accepted += int64(p.Items)
	a.queued += int64(p.Items)
	b := l.open[p.Group]
	if b != nil && l.limits.exceeds(b.Items+p.Items, b.Bytes+p.Data.Len()) {
		q.seal(l, p.Group)
		b = nil
	}
	if b == nil {
		b = &Batch{Signal: p.Signal, oldest: now}
		q.requests++
		l.opened(p.Group, b)
	}
	held := b.held
	b.add(p, l.dest.station().settings.Passthrough, l.dest.pool)
	q.items += int64(p.Items)
	q.bytes += int64(p.Data.Len())
	q.held += int64(b.held - held)
	if l.limits.full(b) || l.retired {
		q.seal(l, p.Group)
	}
}

// seal makes the lane's open batch of a group ready to be sent.
func (q *queue) seal(l *Lane, group string) {
	b := l.open[group]
	delete(l.open, group)
	if b.timer != nil {
		b.timer.Stop() // else it would keep the batch for as long as it runs
		b.timer = nil
	}
	b.closeTail(l.dest.pool)
	q.ready = append(q.ready, b)
	q.wake.Signal()
}

// flush seals b if it is still the group's open batch.
func (q *queue) flush(l *Lane, group string, b *Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l.open[group] == b {
		q.seal(l, group)
	}
}

// begin hires consumers, each with an index, now and whenever more are wanted.
func (q *queue) begin(hire func(consumer int)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.hire = hire
	q.staff()
}

// staff brings the number of consumers to what is wanted.
func (q *queue) staff() {
	if q.hire == nil {
		return // begin does it
	}
	for len(q.working) < q.wanted {
		q.working = append(q.working, false)
	}
	for i := range q.wanted {
		if !q.working[i] {
			q.working[i] = true
			q.hire(i)
		}
	}
	q.wake.Broadcast() // some may have to go
}

// change takes over other bounds, and returns false if the queue is closed.
func (q *queue) change(consumers int, most int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.most, q.wanted = most, consumers
	q.staff()
	q.makeWay()
	return true
}

// bound sets how much memory may be kept alive.
func (q *queue) bound(most int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.most = most
	q.makeWay()
}

// next returns the next batch for a consumer to send, or nil when it is to end:
// the queue is closed and empty, or there are more consumers than are wanted.
func (q *queue) next(consumer int) *Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.ready) == 0 || consumer >= q.wanted {
		if q.closed && len(q.ready) == 0 || consumer >= q.wanted {
			q.working[consumer] = false
			return nil
		}
		q.wake.Wait()
	}
	b := q.ready[0]
	q.ready[0] = nil
	q.ready = q.ready[1:]
	q.flying[b] = nil
	return b
}

// settle takes a delivered or failed batch out of the books, unless it was abandoned.
func (q *queue) settle(b *Batch, o outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, flying := q.flying[b]; flying {
		delete(q.flying, b)
		q.remove(b, o)
	}
}

// progress notes what is settled of a batch that is being sent.
func (q *queue) progress(b *Batch, settled []share) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, flying := q.flying[b]; flying {
		q.flying[b] = settled
	}
}

// abandon books everything that is left as lost. Batches that are being sent stay
// with whoever sends them.
func (q *queue) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	o := outcome{err: errStuck, reason: ShutDown}
	for b, settled := range q.flying {
		q.remove(b, outcome{err: o.err, reason: o.reason, shares: settled})
	}
	for _, b := range q.ready {
		q.remove(b, o)
		b.Free()
	}
	clear(q.flying)
	q.ready = nil
}

// remove books the end of a batch.
func (q *queue) remove(b *Batch, o outcome) {
	q.requests--
	q.items -= int64(b.Items)
	q.bytes -= int64(b.Bytes)
	q.held -= int64(b.held)
	a := &q.accounts[b.Signal]
	a.queued -= int64(b.Items)
	a.settle(int64(b.Items), o)
	q.makeWay()
}

// makeWay wakes requests that wait for room.
func (q *queue) makeWay() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

// settle books the end of items that were accepted.
func (a *account) settle(items int64, o outcome) {
	for i := range o.shares {
		a.settle(o.shares[i].items, o.shares[i].outcome)
		items -= o.shares[i].items
	}
	switch {
	case o.err == nil:
		reasons := o.partial.reasonsOf(items)
		a.exported += items - reasons.total()
		a.rejected.add(&reasons)
	case o.refused:
		a.rejected[o.refusal] += items
	default:
		a.dropped[o.reason] += items
	}
}

// close refuses new requests and seals what is open.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, l := range q.lanes {
		for group := range l.open {
			q.seal(l, group)
		}
	}
	q.wake.Broadcast()
}

// state returns the queue's part of a Destination's State.
func (q *queue) state(c *QueueConfig) State {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := State{
		Requests: q.requests, Items: q.items, Bytes: q.bytes, Held: q.held,
		Capacity: c.QueueSize, Sizer: c.Sizer, Used: q.requests, Books: map[wire.Signal]Books{},
	}
	switch c.Sizer {
	case Items:
		s.Used = q.items
	case Bytes:
		s.Used = q.bytes
	}
	for _, sig := range wire.Signals() {
		if a := &q.accounts[sig]; !a.idle() {
			s.Books[sig] = a.books()
		}
	}
	if oldest := q.oldest(); !oldest.IsZero() {
		s.Oldest = time.Since(oldest)
	}
	return s
}

// oldest returns when the oldest request in the queue was admitted.
func (q *queue) oldest() time.Time {
	var oldest time.Time
	older := func(b *Batch) {
		if oldest.IsZero() || b.oldest.Before(oldest) {
			oldest = b.oldest
		}
	}
	for b := range q.flying {
		older(b)
	}
	for _, b := range q.ready {
		older(b)
	}
	for _, l := range q.lanes {
		for _, b := range l.open {
			older(b)
		}
	}
	return oldest
}

// await returns a channel that is closed when room may have become free.
func (q *queue) await() <-chan struct{} {
	if q.room == nil {
		q.room = make(chan struct{})
	}
	return q.room
}

// freeAll gives up the buffers of payloads that were made for splitting.
func freeAll(pieces []Payload) {
	for i := range pieces {
		pieces[i].Data.Free()
	}
}
