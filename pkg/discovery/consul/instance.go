package consul

import (
	"cmp"
	"net"
	"strconv"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// instances translates what the agent answers. Those that nobody could connect to are left out, and those in maintenance.
func instances(entries []*api.ServiceEntry, passing bool) []resolve.Instance {
	all := make([]resolve.Instance, 0, len(entries))
	for _, e := range entries {
		if e.Service == nil || e.Service.Port == 0 || !passing && e.Checks.AggregatedStatus() == api.HealthMaint {
			continue
		}
		host := Host(e)
		if host == "" {
			continue
		}
		all = append(all, resolve.Instance{
			ID: e.Service.ID, Addr: net.JoinHostPort(host, strconv.Itoa(e.Service.Port)),
			Zone: Zone(e), Version: e.Service.Meta[registry.MetaVersion], Tags: e.Service.Tags, Meta: e.Service.Meta,
		})
	}
	return all
}

// Host returns the address that clients are told: the instance's own, or else that of its node.
func Host(e *api.ServiceEntry) string {
	if e.Node == nil {
		return e.Service.Address
	}
	return cmp.Or(e.Service.Address, e.Node.Address)
}

// Zone returns where an instance is, as its metadata, its locality or its node says.
func Zone(e *api.ServiceEntry) string {
	var ofNode string
	if e.Node != nil {
		ofNode = e.Node.Meta[registry.MetaZone]
	}
	return cmp.Or(e.Service.Meta[registry.MetaZone], zoneOf(e.Service.Locality), ofNode)
}

func zoneOf(l *api.Locality) string {
	if l == nil {
		return ""
	}
	return l.Zone
}
