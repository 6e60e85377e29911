package receiver

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// history is what has become of attempts to change the configuration.
type history struct {
	mu              sync.Mutex
	reloads, failed int64
	problem         string // of the latest; empty if there was none
}

func (h *history) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reloads++
	h.problem = ""
	if err != nil {
		h.failed++
		h.problem = err.Error()
	}
}

// read returns all of it as it was at one moment: what succeeded is the difference
// of two counts, and would seem to shrink otherwise.
func (h *history) read() (reloads, failed int64, problem string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reloads, h.failed, h.problem
}

// ErrNotRunning is what Reload says before Run and once it is about to end.
var ErrNotRunning = errors.New("the receiver is starting or stopping")

// logsPath is the path of the section about the log.
const logsPath = "service.telemetry.logs"

// Reload makes cfg, which has been validated, the configuration in use. hash names
// it for /status. Everything is built beside what runs, takes its place at once,
// and what is replaced finishes its work in the background:
//   - Sockets stay open where the address is the same: no connection is refused.
//   - Servers stay as they are if nothing about them has changed. Else the clients
//     of the old one are told to connect anew.
//   - A queue stays with its exporter's name: what waits in it goes to the exporter
//     of the new configuration.
//   - Files are handed over and never open twice.
//
// After an error nothing has changed, and the error is shown on /status.
func (r *Receiver) Reload(ctx context.Context, cfg Config, hash string) error {
	return r.change(ctx, cfg, hash)
}

// Reloaded notes for /status how an attempt to change the configuration has ended,
// whether it has come to Reload or not.
func (r *Receiver) Reloaded(err error) { r.history.note(err) }

func (r *Receiver) change(ctx context.Context, cfg Config, hash string) error {
	if !r.changing.TryLock() {
		return fmt.Errorf("%w, or another change is being made", ErrNotRunning)
	}
	defer r.changing.Unlock()
	if r.crew == nil {
		return ErrNotRunning
	}
	before := r.now.Load()
	next, err := r.build(ctx, cfg, hash, before)
	if err != nil {
		return err
	}
	if err := r.prepare(ctx, next, before); err != nil {
		return errors.Join(err, next.discard(ctx))
	}
	next.start(ctx, r, before)
	r.now.Store(next)
	before.retire(r, next)
	r.announce(ctx, next)
	r.deps.Log.Info("configuration changed", "generation", next.number, "hash", next.hash)
	return nil
}

// prepare does the last of what can fail.
func (r *Receiver) prepare(ctx context.Context, next, before *generation) error {
	if err := next.listen(ctx, before); err != nil {
		return err
	}
	if r.deps.ChangeLogs == nil {
		return nil
	}
	if err := r.deps.ChangeLogs(next.cfg.Service.Telemetry.Logs); err != nil {
		next.sockets.closeAllBut(before.sockets)
		return logsFault(err)
	}
	return nil
}

func logsFault(err error) *Fault { return newFault(logsPath, fmt.Errorf("%s: %w", logsPath, err)) }

// start makes the generation the one that works. It cannot fail.
func (g *generation) start(ctx context.Context, r *Receiver, before *generation) {
	setWorkers(g.cfg.Service.Workers)
	g.startExporters(ctx, r, before)
	for _, l := range g.graph.limiters {
		g.ends = append(g.ends, r.crew.until(l.Run))
	}
	g.graph.lay(&g.cfg)
	for id, s := range g.servers {
		s.routes.Set(g.graph.routes[id])
		if !s.kept {
			s.Take()
			r.crew.run(s.Run)
		}
	}
	for _, d := range g.desk {
		if !d.kept {
			d.Take()
			d.end = r.crew.until(d.Run)
		}
	}
}

// startExporters exchanges exporters and runs new destinations.
func (g *generation) startExporters(ctx context.Context, r *Receiver, before *generation) {
	free := map[ID]<-chan struct{}{} // closed when the exporter of before is
	for id, d := range before.graph.destinations {
		free[id] = d.Ended()
	}
	for id, c := range g.graph.changes {
		closed, err := g.graph.destinations[id].Reconfigure(ctx, c.exporter, c.settings)
		if err != nil {
			continue // unreachable: destinations end in drain only, after the last change
		}
		free[id] = closed
	}
	for id, d := range g.graph.destinations {
		d.Bound(r.deps.Memory.Queues / g.graph.shares)
		if h, ok := g.graph.handovers[id]; ok {
			closed := r.leaving.file(h.location)
			if holder, held := before.holder(h.location); held {
				closed = free[holder]
			}
			h.begin()
			r.crew.run(func(ctx context.Context) error {
				h.after(ctx, closed)
				return nil
			})
		}
		if before.graph.destinations[id] != d {
			r.crew.run(d.Run)
		}
	}
}

// retire lets what the next generation has not taken over finish its work.
func (g *generation) retire(r *Receiver, next *generation) {
	for _, d := range g.desk {
		if !next.hasDesk(d) {
			d.end()
		}
	}
	var gone []*pipeline.Destination
	for id, d := range g.graph.destinations {
		if next.graph.destinations[id] == nil {
			gone = append(gone, d)
			r.leaving.addDestination(d, g.location(id))
		}
	}
	var routes sync.WaitGroup
	for id, s := range g.servers {
		successor := next.servers[id]
		if successor == nil || successor.Server != s.Server {
			r.leaving.addServer(s.Server)
		}
		routes.Add(1)
		r.crew.run(func(ctx context.Context) error {
			defer routes.Done()
			g.leave(ctx, r, id, s.Server, successor, next)
			return nil
		})
	}
	r.crew.run(func(context.Context) error {
		routes.Wait() // nobody brings anything any more
		for _, end := range g.ends {
			end()
		}
		for _, d := range gone {
			d.Retire()
		}
		for _, d := range gone {
			<-d.Ended()
			r.leaving.close(d)
		}
		return nil
	})
}

// leave ends a receiver's part in the generation: its routes, and its server if
// another one has taken its place or there is none any more.
func (g *generation) leave(ctx context.Context, r *Receiver, id ID, s *ingest.Server, successor *served, next *generation) {
	if successor == nil { // whoever is still here is served as before
		s.Retire(ctx)
		r.leaving.dropServer(s)
	}
	var all sync.WaitGroup
	for sig, route := range g.graph.routes[id] {
		all.Go(func() { route.Replace(ctx, next.graph.routes[id][sig]) })
	}
	all.Wait()
	if successor != nil && successor.Server != s {
		r.crew.run(func(ctx context.Context) error {
			s.Retire(ctx)
			r.leaving.dropServer(s)
			return nil
		})
	}
}
