package consul

import (
	"cmp"
	"net"
	"strconv"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// The metadata of a service, or else of its node, that say where it is and what.
const (
	metaZone    = "zone"
	metaVersion = "version"
)

// instances translates what the agent answers. Those that nobody could connect to are left out, and those in maintenance.
func instances(entries []*api.ServiceEntry, passing bool) []resolve.Instance {
	all := make([]resolve.Instance, 0, len(entries))
	for _, e := range entries {
		if e.Service == nil || e.Service.Port == 0 || !passing && e.Checks.AggregatedStatus() == api.HealthMaint {
			continue
		}
		host := e.Service.Address
		nodeMeta := map[string]string{}
		if e.Node != nil {
			host, nodeMeta = cmp.Or(host, e.Node.Address), e.Node.Meta
		}
		if host == "" {
			continue
		}
		all = append(all, resolve.Instance{
			ID: e.Service.ID, Addr: net.JoinHostPort(host, strconv.Itoa(e.Service.Port)),
			Zone:    cmp.Or(e.Service.Meta[metaZone], zoneOf(e.Service.Locality), nodeMeta[metaZone]),
			Version: e.Service.Meta[metaVersion], Tags: e.Service.Tags, Meta: e.Service.Meta,
		})
	}
	return all
}

func zoneOf(l *api.Locality) string {
	if l == nil {
		return ""
	}
	return l.Zone
}
