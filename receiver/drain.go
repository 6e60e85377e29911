package receiver

import (
	"context"
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/receiver/ingest"
)

// drainTold is how often is said what a drain still waits for.
const drainTold = 5 * time.Second

// drain stops taking requests and delivers what is queued. kill ends deliveries
// that are still under way when the time is up. Nothing changes any more.
func (r *Receiver) drain(ctx context.Context, kill context.CancelFunc) {
	r.ready.Close("draining")
	r.changing.Lock() // for good
	g := r.now.Load()
	shutdown := g.cfg.Service.Shutdown
	r.deps.Log.Info("draining", "delay", shutdown.Delay.String(), "timeout", shutdown.Timeout.String(), "queued_items", r.queued(g))
	servers := r.leaving.servers()
	for _, s := range g.servers {
		servers = append(servers, s.Server)
	}
	for _, s := range servers {
		s.Forewarn()
	}
	began := time.Now()
	notice := r.withdraw(ctx)
	select {
	case <-time.After(max(shutdown.Delay-time.Since(began), notice)):
	case <-r.deps.GiveUp:
	}
	limit, cancel := context.WithTimeout(ctx, shutdown.Timeout)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	defer context.AfterFunc(limit, kill)()
	watching.Go(func() { r.watchDrain(limit, cancel, g) })

	// Requests in flight may take half of the time, so that clients which do
	// not finish leave the queues some of it.
	half, cancelHalf := context.WithTimeout(limit, shutdown.Timeout/2)
	defer cancelHalf()
	r.finish(half, servers, g)
}

// finish ends the requests in flight while ctx lasts, and empties the queues.
func (r *Receiver) finish(ctx context.Context, servers []*ingest.Server, g *generation) {
	var requests, queues sync.WaitGroup
	for _, s := range servers {
		requests.Go(func() { s.Drain(ctx) })
	}
	requests.Wait()
	for _, d := range g.graph.destinations {
		queues.Go(d.Drain)
	}
	for _, d := range r.leaving.destinations() {
		queues.Go(d.Drain)
	}
	queues.Wait()
}

// watchDrain says what is still waited for until limit ends, and ends it when nobody wants to wait any more.
func (r *Receiver) watchDrain(limit context.Context, end context.CancelFunc, g *generation) {
	tell := time.NewTicker(drainTold)
	defer tell.Stop()
	for {
		select {
		case <-limit.Done():
			return
		case <-r.deps.GiveUp:
			r.deps.Log.Warn("giving up what is not delivered yet", "queued_items", r.queued(g))
			end()
			return
		case <-tell.C:
			deadline, _ := limit.Deadline()
			r.deps.Log.Info("still draining", "left", time.Until(deadline).Round(time.Second).String(), "queued_items", r.queued(g))
		}
	}
}

// queued returns how many items have not been delivered.
func (r *Receiver) queued(g *generation) (items int64) {
	for _, s := range r.exporters(g) {
		items += s.Items
	}
	return items
}
