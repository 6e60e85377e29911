package catalog

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
)

// The rhythm of following.
const (
	// quiet is how long nothing is asked after a change: what follows within it comes together.
	quiet = 500 * time.Millisecond
	// longestPause is between two attempts to ask an agent that is away.
	longestPause = 10 * time.Second
)

// FollowInstances tells all instances of a service, at first and whenever something may have changed, or why the agent cannot be
// asked. It goes on asking until ctx ends.
func (c *Catalog) FollowInstances(ctx context.Context, name string, tell func([]Instance, error)) {
	c.follow(ctx, func(ctx context.Context, index uint64) (uint64, error) {
		all, meta, err := c.instances(ctx, name, index)
		if err == nil && meta == nil {
			err = errNoIndex
		}
		if err != nil {
			return 0, c.agent.Explain(err, readRights)
		}
		tell(all, nil)
		return meta.LastIndex, nil
	}, func(err error) { tell(nil, err) })
}

// FollowServices tells the sums of all services, as FollowInstances does.
func (c *Catalog) FollowServices(ctx context.Context, tell func([]Service, error)) {
	var seen indexes
	c.follow(ctx, func(ctx context.Context, index uint64) (uint64, error) {
		if index == 0 {
			seen = indexes{}
		}
		var err error
		if seen, err = c.change(ctx, seen); err != nil {
			return 0, c.agent.Explain(err, readRights)
		}
		all, err := c.Services(ctx)
		if err != nil {
			return 0, err
		}
		tell(all, nil)
		return 1, nil
	}, func(err error) { tell(nil, err) })
}

// indexes stand for what was known of all services, and of all checks.
type indexes struct{ services, checks uint64 }

// change waits until one of both has changed, if both are known.
func (c *Catalog) change(ctx context.Context, since indexes) (indexes, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	now := since
	ended := make(chan error, 2)
	go func() {
		_, meta, err := c.names(ctx, since.services)
		now.services = indexOf(meta, since.services)
		ended <- err
	}()
	go func() {
		options, cancel := consul.Query(ctx, since.checks)
		defer cancel()
		_, meta, err := c.agent.Health().State(api.HealthAny, options)
		now.checks = indexOf(meta, since.checks)
		ended <- err
	}()
	err := <-ended
	known := since.services != 0 && since.checks != 0
	if known {
		cancel() // one of them is enough
	}
	if other := <-ended; err == nil && !known {
		err = other
	}
	return now, err
}

func indexOf(meta *api.QueryMeta, since uint64) uint64 {
	if meta == nil {
		return since
	}
	return consul.Next(since, meta.LastIndex)
}

var errNoIndex = errors.New("the answer has no index")

// follow looks at first, and then as soon as there is something new since the index that the look before has returned.
func (c *Catalog) follow(ctx context.Context, look func(ctx context.Context, index uint64) (uint64, error), failed func(error)) {
	var index uint64
	pause := quiet
	for ctx.Err() == nil {
		now, err := look(ctx, index)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failed(err)
			registry.Sleep(ctx, pause)
			index, pause = 0, min(2*pause, longestPause)
			continue
		}
		index, pause = consul.Next(index, now), quiet
		registry.Sleep(ctx, quiet)
	}
}
