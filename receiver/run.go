package receiver

import (
	"context"
	"errors"
	"sync"
)

// Run listens, receives and delivers until ctx ends, then drains: requests in flight are
// finished and queues are emptied within service.shutdown.timeout. The receipt is
// complete even if an error comes with it. Run returns when every goroutine has
// ended.
func (r *Receiver) Run(ctx context.Context) (Receipt, error) {
	// What runs outlives ctx: it ends by being drained, or by kill.
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	crew := newCrew(life)
	if err := r.begin(life, crew); err != nil {
		return Receipt{}, errors.Join(err, r.Discard(life))
	}
	r.open(life)

	var failure error
	select {
	case <-ctx.Done():
	case failure = <-crew.failed:
		r.deps.Log.Error("stopping", "error", failure)
	}
	r.drain(life, kill)
	receipt := r.receipt()
	kill()
	crew.all.Wait()
	select {
	case err := <-crew.failed: // while ending, such as a file that was not flushed
		failure = errors.Join(failure, err)
	default:
	}
	return receipt, failure
}

// begin starts the first generation.
func (r *Receiver) begin(life context.Context, crew *crew) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	g, nothing := r.now.Load(), noGeneration()
	if err := g.listen(life, nothing); err != nil {
		return err
	}
	r.crew = crew
	g.start(life, r, nothing)
	return nil
}

// open says that requests are taken, and changes of the configuration, too.
func (r *Receiver) open(life context.Context) {
	r.ready.Open()
	r.deps.Log.Info("ready", "version", r.deps.Build.Version, "admin", r.now.Load().desk[0].Addr())
	r.changing.Lock()
	r.announce(life, r.now.Load())
	r.changing.Unlock()
	if r.deps.Ready != nil {
		r.deps.Ready()
	}
}

// crew is the parts of a receiver that run side by side. They outlive the context
// of whoever starts them, and end by themselves or with the receiver.
type crew struct {
	all    sync.WaitGroup
	failed chan error // the first failure
	// run starts a part.
	run func(part func(context.Context) error)
	// until starts a part that ends when the returned function is called, too.
	until func(part func(context.Context) error) (end context.CancelFunc)
}

func newCrew(life context.Context) *crew {
	c := &crew{failed: make(chan error, 1)}
	begin := func(ctx context.Context, part func(context.Context) error) {
		c.all.Go(func() {
			if err := part(ctx); err != nil {
				select {
				case c.failed <- err:
				default:
				}
			}
		})
	}
	c.run = func(part func(context.Context) error) { begin(life, part) }
	c.until = func(part func(context.Context) error) context.CancelFunc {
		ctx, end := context.WithCancel(life)
		begin(ctx, part)
		return end
	}
	return c
}
