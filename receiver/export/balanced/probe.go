package balanced

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/otlpctl/otlpctl/receiver/resolve"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// mostProbes is how many instances Probe asks.
const mostProbes = 8

// prober is an exporter that can tell whether its backend takes a signal.
type prober interface {
	Probe(ctx context.Context, sig wire.Signal) error
}

// Probe asks the registry, and some of the instances with an empty request. It returns
// nil if one of them takes requests with this signal: that others do not is no fault of
// the configuration.
func (e *Exporter) Probe(ctx context.Context, sig wire.Signal) error {
	if err := e.await(ctx); err != nil {
		return err
	}
	instances := e.balancer.State(mostProbes).Instances
	if len(instances) == 0 {
		return e.unavailable(resolve.ErrNoInstances)
	}
	errs := make([]error, len(instances))
	var all sync.WaitGroup
	for i, instance := range instances {
		all.Go(func() { errs[i] = e.probe(ctx, instance.Addr, sig) })
	}
	all.Wait()
	for _, err := range errs {
		if err == nil {
			return nil
		}
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return fmt.Errorf("none of %d instances of %s takes requests, the first one: %w", len(errs), e.deps.Name, errs[0])
}

func (e *Exporter) probe(ctx context.Context, addr string, sig wire.Signal) (err error) {
	client, err := e.clients.enter(addr)
	defer func() { err = errors.Join(err, e.clients.leave(ctx, client)) }()
	if err != nil {
		return err
	}
	p, ok := client.exporter.(prober)
	if !ok {
		return nil
	}
	return p.Probe(ctx, sig)
}
