package pipeline

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Route is where the requests of one signal go that one receiver takes: the
// lanes of all pipelines that name the receiver.
type Route struct {
	lanes    []*Lane // those that may make the client wait last
	limiters []*Limiter
	keys     []string
	// users are the requests in Consume; next is where they go instead once the
	// route was replaced.
	users atomic.Int64
	next  atomic.Pointer[Route]
}

// NewRoute returns the route over the given lanes. Requests are refused while
// any of the limiters refuses. keys are the request headers that the lanes
// batch by (BatchConfig.MetadataKeys).
func NewRoute(lanes []*Lane, limiters []*Limiter, keys []string) *Route {
	lanes = slices.Clone(lanes)
	slices.SortStableFunc(lanes, func(a, b *Lane) int { return cmp.Compare(a.patience(), b.patience()) })
	return &Route{lanes: lanes, limiters: limiters, keys: keys}
}

// patience orders lanes by how long they can hold up a client.
func (l *Lane) patience() int {
	switch {
	case l.waits():
		return 0 // comes first: its verdict decides whether the others get the request
	case !l.dest.station().settings.Queue.BlockOnOverflow:
		return 1
	default:
		return 2
	}
}

// MetadataKeys returns the request headers that make up a Payload's Group.
func (r *Route) MetadataKeys() []string { return r.keys }

// KeepsGzip reports whether any exporter on the route sends gzip members on as
// they came in, so that keeping them is worth the memory.
func (r *Route) KeepsGzip() bool {
	return slices.ContainsFunc(r.lanes, func(l *Lane) bool { return l.dest.station().settings.Passthrough != PassNone })
}

// Overloaded returns an *OverloadError while the process is short of memory.
// It is cheap, and meant to be asked before a request is read.
func (r *Route) Overloaded() error {
	for _, l := range r.limiters {
		if err := l.overloaded(); err != nil {
			return err
		}
	}
	return nil
}

// Consume hands p to every exporter of the route. It returns nil once all of
// them answer for it, or an error and then none does:
//   - exporters without a queue deliver first; their failure is returned, and
//     their partial success as well;
//   - if no queue has room, an *OverloadError is returned;
//   - if some queues have room and others have not, the request is accepted and
//     the others count it as dropped: a stuck exporter never holds up another.
func (r *Route) Consume(ctx context.Context, p *Payload) (Partial, error) {
	r.users.Add(1)
	defer r.users.Add(-1)
	if next := r.next.Load(); next != nil {
		return next.Consume(ctx, p)
	}
	return r.consume(ctx, p)
}

// usersPoll is how often Replace looks whether a route is still in use.
const usersPoll = 5 * time.Millisecond

// Replace sends the requests that have not come to Consume to another route, and
// waits until those that have are through, or ctx ends. The lanes of the old route
// end then. next must not lead back here. Without a next, what comes late is told
// to come again, when it will find that nobody takes it.
func (r *Route) Replace(ctx context.Context, next *Route) {
	if next == nil {
		next = &Route{}
	}
	r.next.Store(next)
	ticker := time.NewTicker(usersPoll)
	defer ticker.Stop()
	for r.users.Load() > 0 && ctx.Err() == nil {
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	for _, l := range r.lanes {
		l.retire()
	}
}

func (r *Route) consume(ctx context.Context, p *Payload) (Partial, error) {
	if len(r.lanes) == 0 {
		return Partial{}, &OverloadError{What: "the pipelines for " + p.Signal.String() + " have just been removed", After: retryAfterFull}
	}
	waiting := 0
	for waiting < len(r.lanes) && r.lanes[waiting].waits() {
		waiting++
	}
	partial, err := deliverAll(ctx, r.lanes[:waiting], p)
	if err != nil {
		return partial, err
	}
	var full []*Lane
	var overload error
	for _, l := range r.lanes[waiting:] {
		err := l.offer(ctx, p)
		var o *OverloadError
		switch {
		case errors.As(err, &o):
			full, overload = append(full, l), err
		case err != nil:
			return partial, err
		}
	}
	if len(full) == len(r.lanes) {
		return partial, overload
	}
	for _, l := range full {
		l.refused(p)
	}
	return partial, nil
}

// deliverAll sends p through lanes that wait for their exporters, side by side.
func deliverAll(ctx context.Context, lanes []*Lane, p *Payload) (Partial, error) {
	switch len(lanes) {
	case 0:
		return Partial{}, nil
	case 1:
		return lanes[0].through(ctx, p)
	}
	partials := make([]Partial, len(lanes))
	errs := make([]error, len(lanes))
	var all sync.WaitGroup
	for i, l := range lanes {
		all.Go(func() { partials[i], errs[i] = l.through(ctx, p) })
	}
	all.Wait()
	var worst Partial
	for _, partial := range partials {
		if partial.Rejected > worst.Rejected || partial.Rejected == worst.Rejected && worst.Message == "" {
			worst = partial
		}
	}
	return worst, errors.Join(errs...)
}
