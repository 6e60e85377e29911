package catalog

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
)

// How the checks of an instance are, taken together. The names are Consul's.
const (
	StatusPassing     = api.HealthPassing
	StatusWarning     = api.HealthWarning
	StatusCritical    = api.HealthCritical
	StatusMaintenance = api.HealthMaint
)

// The metadata that says what an instance is.
const (
	metaVersion      = registry.MetaVersion
	metaConfigHash   = registry.MetaConfigHash
	metaMetricsPort  = "metrics_port"
	metaRegisteredAt = registry.MetaRegisteredAt
)

// nodeCheck is the check of a node by which the servers know whether its agent lives.
const nodeCheck = "serfHealth"

// Instance is one registration. The names of its fields are API.
type Instance struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	Node    string `json:"node"`
	// Addr is host:port, or the host alone if no port is registered.
	Addr       string            `json:"addr"`
	Status     string            `json:"status"`
	Zone       string            `json:"zone,omitempty"`
	Version    string            `json:"version,omitempty"`
	ConfigHash string            `json:"config_hash,omitempty"`
	Tags       []string          `json:"tags"`
	Meta       map[string]string `json:"meta"`
	Checks     []Check           `json:"checks"`
	// RegisteredAt is nil if nobody has written that down: Consul does not.
	RegisteredAt *time.Time `json:"registered_at,omitempty"`

	host             string
	port             int
	created, changed uint64 // when, in the servers' count of changes
}

// Check is how one check is. The names of its fields are API.
type Check struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Type   string `json:"type,omitempty"`
	Status string `json:"status"`
	Output string `json:"output,omitempty"`
	// OfNode says that it is a check of the node, which all instances there share.
	OfNode bool `json:"of_node"`
}

func instanceOf(e *api.ServiceEntry) Instance {
	s := e.Service
	i := Instance{
		ID: s.ID, Service: s.Service, Addr: consul.Host(e), Status: e.Checks.AggregatedStatus(),
		Zone: consul.Zone(e), Version: s.Meta[metaVersion], ConfigHash: s.Meta[metaConfigHash],
		Tags: orEmpty(s.Tags), Meta: s.Meta, Checks: make([]Check, 0, len(e.Checks)),
		host: consul.Host(e), port: s.Port, created: s.CreateIndex, changed: s.ModifyIndex,
	}
	if i.Meta == nil {
		i.Meta = map[string]string{}
	}
	if e.Node != nil {
		i.Node = e.Node.Node
	}
	if s.Port != 0 {
		i.Addr = net.JoinHostPort(i.host, strconv.Itoa(s.Port))
	}
	for _, check := range e.Checks {
		i.Checks = append(i.Checks, Check{
			ID: check.CheckID, Name: check.Name, Type: check.Type, Status: check.Status,
			Output: strings.TrimSpace(check.Output), OfNode: check.ServiceID == "",
		})
	}
	if at, err := time.Parse(time.RFC3339, s.Meta[metaRegisteredAt]); err == nil {
		i.RegisteredAt = &at
	}
	return i
}

func orEmpty(tags []string) []string {
	if tags == nil {
		return []string{}
	}
	return tags
}

// key tells instances apart: IDs are each agent's own affair.
func (i Instance) key() string { return i.ID + "\x00" + i.Node }

// checked reports whether the instance has a check of its own.
func (i Instance) checked() bool {
	for _, c := range i.Checks {
		if !c.OfNode {
			return true
		}
	}
	return false
}

// complaint is what a check says that does not pass; empty if all do.
func (i Instance) complaint() string {
	for _, c := range i.Checks {
		if c.Status != api.HealthPassing {
			return strings.Join(strings.Fields(c.Output), " ")
		}
	}
	return ""
}

// abandoned reports whether the agent that has registered the instance is gone, so that nobody puts it into the catalog again.
func (i Instance) abandoned() bool {
	for _, c := range i.Checks {
		if c.ID == nodeCheck {
			return c.Status == api.HealthCritical
		}
	}
	return true // whoever has written it into the catalog was no agent
}
