package receiver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// graph is what lies behind the servers: the routes of every receiver to the
// exporters' destinations. It is built whole and never changes.
type graph struct {
	destinations map[ID]*pipeline.Destination
	limiters     map[ID]*pipeline.Limiter
	routes       map[ID]map[wire.Signal]*pipeline.Route
}

// buildGraph constructs every component that a pipeline names. Nothing runs yet.
func buildGraph(ctx context.Context, cfg *Config, build builder) (*graph, error) {
	g := &graph{
		destinations: map[ID]*pipeline.Destination{},
		limiters:     map[ID]*pipeline.Limiter{},
		routes:       map[ID]map[wire.Signal]*pipeline.Route{},
	}
	var errs []error
	used := cfg.usedExporters()
	build.shares = int64(max(len(used), 1))
	for _, id := range used {
		d, err := build.destination(id, cfg.Exporters[id])
		if err != nil {
			errs = append(errs, fmt.Errorf("exporters.%s: %w", id, err))
			continue
		}
		g.destinations[id] = d
	}
	if len(errs) > 0 {
		return nil, errors.Join(append(errs, g.discard(ctx))...)
	}
	for id, c := range cfg.Processors {
		if c, ok := c.(*pipeline.LimiterConfig); ok {
			g.limiters[id] = pipeline.NewLimiter(*c, build.deps.Memory.Total, build.deps.Log.With("processor", string(id)))
		}
	}
	g.lay(cfg)
	return g, nil
}

// lay joins receivers to destinations: one route for each receiver and signal.
func (g *graph) lay(cfg *Config) {
	type end struct {
		lanes    []*pipeline.Lane
		limiters []*pipeline.Limiter
		keys     []string
	}
	ends := map[ID]map[wire.Signal]*end{}
	for _, id := range slices.Sorted(maps.Keys(cfg.Service.Pipelines)) {
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

// discard closes exporters that were built and never ran.
func (g *graph) discard(ctx context.Context) error {
	var errs []error
	for _, d := range g.destinations {
		errs = append(errs, d.Discard(ctx))
	}
	return errors.Join(errs...)
}

// usedExporters returns the exporters that a pipeline names, in order.
func (c *Config) usedExporters() []ID {
	var used []ID
	for _, p := range c.Service.Pipelines {
		used = append(used, p.Exporters...)
	}
	slices.Sort(used)
	return slices.Compact(used)
}

// builder makes components.
type builder struct {
	deps   Deps
	pool   *pipeline.Pool
	shares int64 // how many queues share Memory.Queues
}

// destination makes the exporter id with its queue.
func (b *builder) destination(id ID, c ExporterConfig) (*pipeline.Destination, error) {
	exporter, err := b.exporter(id, c)
	if err != nil {
		return nil, err
	}
	settings := c.Settings()
	settings.MaxHeldBytes = b.deps.Memory.Queues / b.shares
	return pipeline.NewDestination(string(id), exporter, settings, b.pool, b.deps.Log), nil
}
