package register

import (
	"context"
	"sync"
)

// departures are registries that are being left. The zero value is none.
type departures struct {
	all sync.WaitGroup

	mu     sync.Mutex
	cancel map[int]context.CancelFunc // of those that have not ended
	begun  int
}

// begin runs one in the background, for no longer than a request may take. It outlives ctx.
func (d *departures) begin(ctx context.Context, leave func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTimeout)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel == nil {
		d.cancel = map[int]context.CancelFunc{}
	}
	d.begun++
	this := d.begun
	d.cancel[this] = cancel
	d.all.Go(func() {
		leave(ctx)
		cancel()
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.cancel, this)
	})
}

// wait waits until all have ended, and gives them up when ctx ends.
func (d *departures) wait(ctx context.Context) {
	defer context.AfterFunc(ctx, d.abandon)()
	d.all.Wait()
}

func (d *departures) abandon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, cancel := range d.cancel {
		cancel()
	}
}
