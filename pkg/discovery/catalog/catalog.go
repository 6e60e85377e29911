// Package catalog reads, changes and judges what Consul knows of services: who is registered, how the checks are, and whether that
// is true. It prints nothing and asks nobody; what it judges it has been handed.
package catalog

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
)

// What it takes to read, and to change.
const (
	readRights  = "service:read and node:read"
	writeRights = "service:write for the service"
	nodeRights  = "node:write for the node"
)

// atOnce is how many questions the agent is asked at the same time.
const atOnce = 16

// Catalog is what an agent and the servers behind it know.
type Catalog struct {
	agent *consul.Agent
}

// New returns the catalog that an agent shows.
func New(agent *consul.Agent) *Catalog { return &Catalog{agent} }

// Service sums up the instances of a service. The names of its fields are API.
type Service struct {
	Name        string   `json:"name"`
	Instances   int      `json:"instances"`
	Passing     int      `json:"passing"`
	Warning     int      `json:"warning"`
	Critical    int      `json:"critical"`
	Maintenance int      `json:"maintenance"`
	Tags        []string `json:"tags"`
}

// Names returns the tags of each service.
func (c *Catalog) Names(ctx context.Context) (map[string][]string, error) {
	names, _, err := c.names(ctx, 0)
	return names, c.agent.Explain(err, readRights)
}

func (c *Catalog) names(ctx context.Context, index uint64) (map[string][]string, *api.QueryMeta, error) {
	options, cancel := consul.Query(ctx, index)
	defer cancel()
	names, meta, err := c.agent.Catalog().Services(options)
	if err == nil && len(names) == 0 {
		err = c.agent.Sees(meta)
	}
	return names, meta, err
}

// Services sums up all services, in the order of their names.
func (c *Catalog) Services(ctx context.Context) ([]Service, error) {
	names, err := c.Names(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Service, 0, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(all, Service{Name: name, Tags: slices.Sorted(slices.Values(names[name]))})
	}
	err = each(ctx, len(all), atOnce, func(ctx context.Context, i int) error {
		instances, err := c.Instances(ctx, all[i].Name)
		all[i].count(instances)
		return err
	})
	return all, err
}

func (s *Service) count(instances []Instance) {
	s.Instances = len(instances)
	for _, i := range instances {
		switch i.Status {
		case StatusPassing:
			s.Passing++
		case StatusWarning:
			s.Warning++
		case StatusMaintenance:
			s.Maintenance++
		default:
			s.Critical++
		}
	}
}

// Instances returns all instances of a service, whatever their checks say, in the order of their IDs. A service that is unknown has
// none.
func (c *Catalog) Instances(ctx context.Context, name string) ([]Instance, error) {
	all, _, err := c.instances(ctx, name, 0)
	return all, c.agent.Explain(err, readRights)
}

func (c *Catalog) instances(ctx context.Context, name string, index uint64) ([]Instance, *api.QueryMeta, error) {
	options, cancel := consul.Query(ctx, index)
	defer cancel()
	entries, meta, err := c.agent.Health().Service(name, "", false, options)
	if err == nil && len(entries) == 0 {
		err = c.agent.Sees(meta)
	}
	all := make([]Instance, 0, len(entries))
	for _, e := range entries {
		if e.Service != nil {
			all = append(all, instanceOf(e))
		}
	}
	slices.SortFunc(all, func(a, b Instance) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Node, b.Node)) })
	return all, meta, err
}

// own returns what tells whether an instance is one of the agent's own. If the agent does not tell who asks what its node is, none is.
func (c *Catalog) own(ctx context.Context) func(Instance) bool {
	ctx, cancel := context.WithTimeout(ctx, registry.AnswerTimeout)
	defer cancel()
	var self struct {
		Config struct{ NodeName, Datacenter string }
	}
	_, err := c.agent.Raw().Query("/v1/agent/self", &self, new(api.QueryOptions).WithContext(ctx))
	elsewhere := c.agent.Datacenter != "" && c.agent.Datacenter != self.Config.Datacenter
	return func(i Instance) bool { return err == nil && !elsewhere && i.Node == self.Config.NodeName }
}

// each calls work for 0 to n-1, with so many calls at the same time. The first error ends it.
func each(ctx context.Context, n, parallel int, work func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var all sync.WaitGroup
	for range min(n, parallel) {
		all.Go(func() {
			for i := range next {
				if err := work(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	all.Wait()
	return context.Cause(ctx)
}
