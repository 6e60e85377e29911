package receiver

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// graph is what lies behind the servers: the routes of every receiver to the
// exporters' destinations. Destinations live from generation to generation, as
// long as a pipeline names them; routes belong to one.
type graph struct {
	destinations map[ID]*pipeline.Destination
	limiters     map[ID]*pipeline.Limiter
	routes       map[ID]map[wire.Signal]*pipeline.Route // once laid

	fresh     []ID             // destinations that do not run yet
	changes   map[ID]change    // exporters for destinations that run
	handovers map[ID]*handover // those of them that wait for a file
	shares    int64            // how many queues share Memory.Queues
}

// change is an exporter that is to take the place of another one.
type change struct {
	exporter pipeline.Exporter
	settings pipeline.Settings
}

// builder makes components beside those of another generation.
type builder struct {
	deps   Deps
	pool   *pipeline.Pool
	before *generation
	files  prints

	leaving *leaving // has files open, too
}

// graph constructs every component that a pipeline names and that is not there
// already. Nothing runs yet.
func (b *builder) graph(ctx context.Context, cfg *Config) (*graph, error) {
	used := cfg.usedExporters()
	g := &graph{
		destinations: map[ID]*pipeline.Destination{}, limiters: map[ID]*pipeline.Limiter{},
		changes: map[ID]change{}, handovers: map[ID]*handover{}, shares: int64(max(len(used), 1)),
	}
	var errs []error
	for _, id := range used {
		if err := b.destination(ctx, g, id, cfg.Exporters[id]); err != nil {
			path := "exporters." + string(id)
			errs = append(errs, newFault(path, fmt.Errorf("%s: %w", path, err)))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(append(errs, g.discard(ctx))...)
	}
	for id, c := range cfg.Processors {
		if l := b.limiter(id, c); l != nil {
			g.limiters[id] = l
		}
	}
	return g, nil
}

// limiter makes the memory limiter that a processor is, or nil if it is none.
func (b *builder) limiter(id ID, c ProcessorConfig) *pipeline.Limiter {
	limits, ok := c.(*pipeline.LimiterConfig)
	if !ok {
		return nil
	}
	return pipeline.NewLimiter(*limits, b.deps.Memory.Total, b.deps.Log.With("processor", string(id)))
}

// destination adds the exporter id with its queue: the one of before, with
// another exporter if something about it has changed, or a new one.
func (b *builder) destination(ctx context.Context, g *graph, id ID, c ExporterConfig) error {
	there := b.before.graph.destinations[id]
	if there != nil && reflect.DeepEqual(b.before.cfg.Exporters[id], c) && b.files.same(b.before.files, c) {
		g.destinations[id] = there
		return nil
	}
	exporter, err := b.exporter(ctx, id, c)
	if err != nil {
		return err
	}
	if h, ok := exporter.(*handover); ok {
		g.handovers[id] = h
	}
	settings := c.Settings()
	settings.MaxHeldBytes = b.deps.Memory.Queues / g.shares
	if there != nil {
		g.destinations[id], g.changes[id] = there, change{exporter, settings}
		return nil
	}
	g.fresh = append(g.fresh, id)
	g.destinations[id] = pipeline.NewDestination(string(id), exporter, settings, b.pool, b.deps.Log)
	return nil
}

// discard closes what was built and is not used.
func (g *graph) discard(ctx context.Context) error {
	var errs []error
	for _, id := range g.fresh {
		errs = append(errs, g.destinations[id].Discard(ctx))
	}
	for _, c := range g.changes {
		errs = append(errs, c.exporter.Close(ctx))
	}
	return errors.Join(errs...)
}

// lay joins receivers to destinations: one route for each receiver and signal.
func (g *graph) lay(cfg *Config) {
	type end struct {
		lanes    []*pipeline.Lane
		limiters []*pipeline.Limiter
		keys     []string
	}
	ends := map[ID]map[wire.Signal]*end{}
	for _, id := range sortedKeys(cfg.Service.Pipelines) {
		p := cfg.Service.Pipelines[id]
		sig, _ := wire.ParseSignal(id.Type())
		limits, limiters, keys := g.processors(cfg, p.Processors)
		for _, receiver := range p.Receivers {
			if ends[receiver] == nil {
				ends[receiver] = map[wire.Signal]*end{}
			}
			if ends[receiver][sig] == nil {
				ends[receiver][sig] = &end{}
			}
			e := ends[receiver][sig]
			e.limiters = append(e.limiters, limiters...)
			e.keys = append(e.keys, keys...)
		}
		for _, exporter := range p.Exporters {
			at := limits
			if q := cfg.Exporters[exporter].Settings().Queue.Batch; q != nil {
				at = pipeline.QueueLimits(q)
			}
			lane := g.destinations[exporter].Lane(sig, at)
			for _, receiver := range p.Receivers {
				ends[receiver][sig].lanes = append(ends[receiver][sig].lanes, lane)
			}
		}
	}
	g.routes = map[ID]map[wire.Signal]*pipeline.Route{}
	for receiver, signals := range ends {
		g.routes[receiver] = map[wire.Signal]*pipeline.Route{}
		for sig, e := range signals {
			slices.Sort(e.keys)
			g.routes[receiver][sig] = pipeline.NewRoute(e.lanes, e.limiters, slices.Compact(e.keys))
		}
	}
}

// processors reads a pipeline's list: the limits of its last batch processor,
// its memory limiters, and the headers that it batches by.
func (g *graph) processors(cfg *Config, ids []ID) (limits pipeline.Limits, limiters []*pipeline.Limiter, keys []string) {
	for _, id := range ids {
		switch c := cfg.Processors[id].(type) {
		case *pipeline.BatchConfig:
			limits, keys = pipeline.BatchLimits(*c), c.MetadataKeys
		case *pipeline.LimiterConfig:
			limiters = append(limiters, g.limiters[id])
		}
	}
	return limits, limiters, keys
}
