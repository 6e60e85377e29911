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
	waiting, giveUp := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer giveUp()
	watching.Go(func() { r.watchDrain(waiting, giveUp) })
	r.changing.Lock() // for good
	g := r.now.Load()
	shutdown := g.cfg.Service.Shutdown
	r.deps.Log.Info("draining", "delay", shutdown.Delay.String(), "timeout", shutdown.Timeout.String(), "queued_items", r.queued())
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
	case <-waiting.Done():
	}
	limit, cancel := context.WithTimeout(waiting, shutdown.Timeout)
	defer cancel()
	defer context.AfterFunc(limit, kill)()

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

// watchDrain says what a drain still waits for until it ends, and ends it when nobody wants to wait any more.
func (r *Receiver) watchDrain(waiting context.Context, end context.CancelFunc) {
	var giveUp <-chan struct{}
	if r.deps.Draining != nil {
		giveUp = r.deps.Draining()
	}
	tell := time.NewTicker(drainTold)
	defer tell.Stop()
	for began := time.Now(); ; {
		select {
		case <-waiting.Done():
			return
		case <-giveUp:
			r.deps.Log.Warn("giving up what is not delivered yet", "queued_items", r.queued())
			end()
			return
		case <-tell.C:
			r.deps.Log.Info("still draining", "for", time.Since(began).Round(time.Second).String(), "queued_items", r.queued())
		}
	}
}

// queued returns how many items have not been delivered.
func (r *Receiver) queued() (items int64) {
	for _, s := range r.exporters(r.now.Load()) {
		items += s.Items
	}
	return items
}
