package ingest

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Budget bounds the memory of requests that are being received and checked, in
// all servers of the process together. Requests in the exporters' queues are
// bounded there.
type Budget struct {
	capacity int64
	used     atomic.Int64
}

// NewBudget returns a Budget of so many bytes. A request that needs more by
// itself is refused as too large, so it should be several times the largest
// request, which is held twice while it is decompressed.
func NewBudget(capacity int64) *Budget { return &Budget{capacity: capacity} }

// Capacity returns the bound in bytes.
func (b *Budget) Capacity() int64 { return b.capacity }

// Used returns how many bytes are in use.
func (b *Budget) Used() int64 { return b.used.Load() }

// retryAfterFull is what a client is told when the budget is used up.
const retryAfterFull = time.Second

// reservation is one request's part of a Budget. The zero value with a budget is
// ready. It is not safe for concurrent use.
type reservation struct {
	budget *Budget
	bytes  int64
}

// check fails as grow would, without reserving anything.
func (r *reservation) check(n int) error {
	switch want := int64(n); {
	case r.bytes+want > r.budget.capacity:
		return tooLarge("the request needs more memory than the %d MiB set apart for all requests", r.budget.capacity>>20)
	case r.budget.used.Load()+want > r.budget.capacity:
		return r.budget.full()
	}
	return nil
}

// grow reserves n more bytes.
func (r *reservation) grow(n int) error {
	if err := r.check(n); err != nil {
		return err
	}
	if r.budget.used.Add(int64(n)) > r.budget.capacity {
		r.budget.used.Add(-int64(n))
		return r.budget.full()
	}
	r.bytes += int64(n)
	return nil
}

// shrink gives n bytes back.
func (r *reservation) shrink(n int) {
	r.budget.used.Add(-int64(n))
	r.bytes -= int64(n)
}

// release gives everything back.
func (r *reservation) release() { r.shrink(int(r.bytes)) }

func (b *Budget) full() error {
	return &fault{
		cause: overload, after: retryAfterFull,
		message: fmt.Sprintf("requests in flight fill the %d MiB set apart for them; retry in %s", b.capacity>>20, retryAfterFull),
	}
}
