package receiver

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Run listens, receives and delivers until ctx ends, then drains: requests in
// flight are finished and queues are emptied within service.shutdown.timeout.
// The receipt is complete even if an error comes with it. Run returns when every
// goroutine has ended.
func (r *Receiver) Run(ctx context.Context) (Receipt, error) {
	if err := r.listen(ctx); err != nil {
		return Receipt{}, errors.Join(err, r.graph.discard(ctx))
	}
	setWorkers(r.cfg.Service.Workers)
	// What runs outlives ctx: it ends by being drained, or by kill.
	life, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	crew := &crew{failed: make(chan error, 1)}
	for _, d := range r.graph.destinations {
		crew.run(life, d.Run)
	}
	for _, l := range r.graph.limiters {
		crew.run(life, l.Run)
	}
	for _, s := range r.servers {
		crew.run(life, s.Run)
	}
	for _, s := range r.desk {
		crew.run(life, s.Run)
	}
	r.waiting.Store(nil)
	r.deps.Log.Info("ready", "version", r.deps.Build.Version, "admin", r.desk[0].Addr())

	var failure error
	select {
	case <-ctx.Done():
	case failure = <-crew.failed:
		r.deps.Log.Error("stopping", "error", failure)
	}
	r.drain(life, kill)
	receipt := r.graph.receipt(r.started)
	kill()
	crew.all.Wait()
	select {
	case err := <-crew.failed: // while ending, such as a file that was not flushed
		failure = errors.Join(failure, err)
	default:
	}
	return receipt, failure
}

// drain stops taking requests and delivers what is queued. kill ends deliveries
// that are still under way when the time is up.
func (r *Receiver) drain(ctx context.Context, kill context.CancelFunc) {
	shutdown := r.cfg.Service.Shutdown
	r.wait("draining")
	r.deps.Log.Info("draining", "delay", shutdown.Delay.String(), "timeout", shutdown.Timeout.String())
	time.Sleep(shutdown.Delay)
	limit, cancel := context.WithTimeout(ctx, shutdown.Timeout)
	defer cancel()
	defer context.AfterFunc(limit, kill)()

	// Requests in flight may take half of the time, so that clients which do
	// not finish leave the queues some of it.
	half, cancelHalf := context.WithTimeout(limit, shutdown.Timeout/2)
	defer cancelHalf()
	var servers, queues sync.WaitGroup
	for _, s := range r.servers {
		servers.Go(func() { s.Drain(half) })
	}
	servers.Wait()
	for _, d := range r.graph.destinations {
		queues.Go(d.Drain)
	}
	queues.Wait()
}

// crew is the parts of a receiver that run side by side.
type crew struct {
	all    sync.WaitGroup
	failed chan error // the first failure
}

// run starts a part, which ends by itself or with ctx.
func (c *crew) run(ctx context.Context, part func(context.Context) error) {
	c.all.Go(func() {
		if err := part(ctx); err != nil {
			select {
			case c.failed <- err:
			default:
			}
		}
	})
}
