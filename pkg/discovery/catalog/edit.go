package catalog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Entry names a registration. The names of its fields are API.
type Entry struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	// Node is the node whose agent has it; empty is that of the agent that is asked.
	Node string `json:"node,omitempty"`
	Addr string `json:"addr,omitempty"`
}

// Register makes the agent register an instance, in place of one with its ID. It reports whether there was one.
func (c *Catalog) Register(ctx context.Context, r Registration) (Entry, bool, error) {
	found, err := c.find(ctx, r.id())
	if err != nil {
		return Entry{}, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, registry.AnswerTimeout)
	defer cancel()
	options := api.ServiceRegisterOpts{ReplaceExistingChecks: true}.WithContext(ctx)
	if err := c.agent.Agent().ServiceRegisterOpts(r.registration(time.Now()), options); err != nil {
		return Entry{}, false, c.agent.Explain(err, writeRights)
	}
	made, err := c.find(ctx, r.id())
	if err == nil && made == nil {
		err = fmt.Errorf("%s has taken the registration, but does not know it", c.agent)
	}
	if err != nil {
		return Entry{}, false, err
	}
	return *made, found != nil, nil
}

// Find returns registrations of the agent, or with a node those of it in the catalog. It fails if there is none with one of the IDs.
func (c *Catalog) Find(ctx context.Context, node string, ids []string) ([]Entry, error) {
	if node != "" {
		return c.findAt(ctx, node, ids)
	}
	var all []Entry
	var missing []error
	for _, id := range ids {
		e, err := c.find(ctx, id)
		switch {
		case err != nil:
			return nil, err
		case e == nil:
			missing = append(missing, fmt.Errorf("%s has no registration %q", c.agent, id))
		default:
			all = append(all, *e)
		}
	}
	if missing != nil {
		return nil, hinted.New(errors.Join(missing...), "each agent has its own: otlpctl consul show NAME says at which node an instance is. --http-addr names the agent there, --node takes what a lost agent has left behind")
	}
	return all, nil
}

// find returns nil if the agent does not know an ID.
func (c *Catalog) find(ctx context.Context, id string) (*Entry, error) {
	options, cancel := consul.Query(ctx, 0)
	defer cancel()
	s, _, err := c.agent.Agent().Service(id, options)
	if isUnknown(err) {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	if err != nil {
		return nil, c.agent.Explain(err, "service:read")
	}
	return &Entry{ID: s.ID, Service: s.Service, Addr: addrOf(s.Address, s.Port)}, nil
}

func addrOf(host string, port int) string {
	if port == 0 {
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

func isUnknown(err error) bool {
	s, ok := errors.AsType[api.StatusError](err)
	return ok && s.Code == http.StatusNotFound
}

func (c *Catalog) findAt(ctx context.Context, node string, ids []string) ([]Entry, error) {
	options, cancel := consul.Query(ctx, 0)
	defer cancel()
	there, meta, err := c.agent.Catalog().NodeServiceList(node, options)
	if err == nil && (there == nil || len(there.Services) == 0) {
		err = c.agent.Sees(meta)
	}
	switch {
	case err != nil:
		return nil, c.agent.Explain(err, readRights)
	case there == nil || there.Node == nil:
		return nil, hinted.New(fmt.Errorf("%s knows no node %q", c.agent, node), "otlpctl consul show NAME says at which node an instance is")
	}
	if err := c.checkLost(ctx, node); err != nil {
		return nil, err
	}
	known := map[string]Entry{}
	for _, s := range there.Services {
		known[s.ID] = Entry{ID: s.ID, Service: s.Service, Node: node, Addr: addrOf(s.Address, s.Port)}
	}
	var all []Entry
	var missing []error
	for _, id := range ids {
		if e, ok := known[id]; ok {
			all = append(all, e)
		} else {
			missing = append(missing, fmt.Errorf("there is no registration %q at the node %q", id, node))
		}
	}
	return all, errors.Join(missing...)
}

// checkLost fails if the agent of a node lives.
func (c *Catalog) checkLost(ctx context.Context, node string) error {
	options, cancel := consul.Query(ctx, 0)
	defer cancel()
	checks, _, err := c.agent.Health().Node(node, options)
	if err != nil {
		return c.agent.Explain(err, readRights)
	}
	for _, check := range checks {
		if check.CheckID == nodeCheck && check.Status != api.HealthCritical {
			return hinted.New(fmt.Errorf("the agent of the node %q lives: it would register again what is taken out of the catalog", node), "leave --node out, and name that agent by --http-addr if it is another one")
		}
	}
	return nil
}

// Deregister removes a registration: at the agent, or if the entry has a node out of the catalog. Who is not there any more is no
// error.
func (c *Catalog) Deregister(ctx context.Context, e Entry) error {
	ctx, cancel := context.WithTimeout(ctx, registry.AnswerTimeout)
	defer cancel()
	if e.Node == "" {
		err := c.agent.Agent().ServiceDeregisterOpts(e.ID, new(api.QueryOptions).WithContext(ctx))
		if isUnknown(err) {
			return nil
		}
		return c.agent.Explain(err, writeRights)
	}
	_, err := c.agent.Catalog().Deregister(&api.CatalogDeregistration{
		Node: e.Node, ServiceID: e.ID, Datacenter: c.agent.Datacenter,
	}, new(api.WriteOptions).WithContext(ctx))
	return c.agent.Explain(err, writeRights)
}

// Maintain puts an instance of the agent into maintenance, or takes it out; an empty ID stands for the agent's node with all that is
// there.
func (c *Catalog) Maintain(ctx context.Context, id string, on bool, reason string) error {
	agent := c.agent.Agent()
	var err error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case id == "" && on:
		err = agent.EnableNodeMaintenance(reason)
	case id == "":
		err = agent.DisableNodeMaintenance()
	case on:
		err = agent.EnableServiceMaintenanceOpts(id, reason, new(api.QueryOptions).WithContext(ctx))
	default:
		err = agent.DisableServiceMaintenanceOpts(id, new(api.QueryOptions).WithContext(ctx))
	}
	if id == "" {
		return c.agent.Explain(err, nodeRights)
	}
	return c.agent.Explain(err, writeRights)
}
