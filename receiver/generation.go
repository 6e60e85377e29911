package receiver

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/otlpctl/otlpctl/receiver/ingest"
)

// generation is everything that one configuration consists of. It is built
// beside the one before it, whose parts it keeps where nothing about them has
// changed, and takes its place as a whole. It never changes afterwards.
type generation struct {
	number  int64
	cfg     Config
	hash    string
	loaded  time.Time
	files   prints // of the files that components read
	graph   *graph
	servers map[ID]*served
	desk    []*deskServer
	sockets sockets

	ends []context.CancelFunc // of what lives as long as the generation
}

// noGeneration is what the first generation comes after.
func noGeneration() *generation { return &generation{graph: &graph{}} }

// served is a receiver's server with its routes, which outlive it: a server that
// takes its place goes on with them.
type served struct {
	*ingest.Server

	routes *ingest.Routes
	cfg    ingest.Config
	kept   bool // from the generation before
}

// build makes the next generation. Nothing of the one before has changed when it
// returns, whatever it returns.
func (r *Receiver) build(ctx context.Context, cfg Config, hash string, before *generation) (_ *generation, err error) {
	g := &generation{
		number: before.number + 1, cfg: cfg, hash: hash, loaded: time.Now(), files: printsOf(&cfg), servers: map[ID]*served{},
	}
	defer func() {
		if err != nil && g.graph != nil {
			err = errors.Join(err, g.discard(ctx))
		}
	}()
	b := builder{deps: r.deps, pool: r.pool, before: before, files: g.files, leaving: &r.leaving}
	if g.graph, err = b.graph(ctx, &g.cfg); err != nil {
		return nil, err
	}
	return g, errors.Join(g.buildServers(r, before), g.buildDesk(r, before)) //nolint:contextcheck // calls have contexts of their own
}

// discard gives up a generation that does not come to work. What it has kept of
// the one before goes on.
func (g *generation) discard(ctx context.Context) error {
	for _, s := range g.servers {
		if !s.kept {
			s.Discard()
		}
	}
	return g.graph.discard(ctx)
}

// listen opens every socket that is not open, or none.
func (g *generation) listen(ctx context.Context, before *generation) error {
	o := newOpening(before.sockets)
	if err := g.open(ctx, o); err != nil {
		return errors.Join(err, o.abort())
	}
	g.sockets = o.all
	return nil
}

func (g *generation) open(ctx context.Context, o *opening) error {
	desk := g.cfg.desk()
	for i, d := range g.desk {
		if d.kept {
			o.keep(d.Address())
		} else if err := d.Listen(ctx, o.open); err != nil {
			return newFault(desk[i].path, err)
		}
	}
	for _, id := range sortedKeys(g.servers) {
		if s := g.servers[id]; s.kept {
			o.keep(s.Addresses()...)
		} else if err := s.Listen(ctx, o.open); err != nil {
			path := "receivers." + string(id)
			if port, ok := errors.AsType[*ingest.ListenError](err); ok {
				path = endpointPath(id, port.Transport)
			}
			return newFault(path, err)
		}
	}
	return nil
}

// endpointPath returns the path of the key that says where a receiver listens.
func endpointPath(receiver ID, t ingest.Transport) string {
	return "receivers." + string(receiver) + ".protocols." + string(t) + ".endpoint"
}

// buildServers makes a server for each receiver that a pipeline names.
func (g *generation) buildServers(r *Receiver, before *generation) error {
	var errs []error
	for _, id := range g.cfg.usedReceivers() {
		s, err := g.server(id, r, before.servers[id], before)
		if err != nil {
			path := "receivers." + string(id)
			errs = append(errs, newFault(path, fmt.Errorf("%s: %w", path, err)))
			continue
		}
		g.servers[id] = s
	}
	return errors.Join(errs...)
}

// server returns the server of the receiver: that of before, if nothing that it
// was made of has changed.
func (g *generation) server(id ID, r *Receiver, old *served, before *generation) (*served, error) {
	cfg := *g.cfg.Receivers[id]
	if old != nil && reflect.DeepEqual(old.cfg, cfg) && g.files.same(before.files, &cfg) {
		return &served{Server: old.Server, routes: old.routes, cfg: cfg, kept: true}, nil
	}
	s := &served{routes: ingest.NewRoutes(nil), cfg: cfg}
	deps := ingest.Deps{Pool: r.pool, Budget: r.budget, Ready: r.ready, Log: r.deps.Log}
	if old != nil {
		s.routes, deps.Before = old.routes, old.Server
	}
	deps.Routes = s.routes
	var err error
	s.Server, err = ingest.New(string(id), cfg, deps)
	return s, err
}
