package receiver

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// listener is an address that a configuration asks for.
type listener struct {
	path    string // of the key that says so
	address string
}

// listeners returns what will be listened on: receivers that a pipeline names,
// the admin port, and further addresses for metrics.
func (c *Config) listeners() []listener {
	used := map[ID]bool{}
	for _, p := range c.Service.Pipelines {
		for _, id := range p.Receivers {
			used[id] = true
		}
	}
	all := []listener{{"admin.endpoint", c.Admin.Endpoint}}
	for _, id := range slices.Sorted(maps.Keys(c.Receivers)) {
		if !used[id] {
			continue
		}
		path := "receivers." + string(id) + ".protocols."
		if g := c.Receivers[id].Protocols.GRPC; g != nil && strings.HasPrefix(g.Transport, "tcp") {
			all = append(all, listener{path + "grpc.endpoint", g.Endpoint})
		}
		if h := c.Receivers[id].Protocols.HTTP; h != nil && strings.HasPrefix(h.Transport, "tcp") {
			all = append(all, listener{path + "http.endpoint", h.Endpoint})
		}
	}
	return append(all, c.metricsListeners()...)
}

// metricsListeners returns the listeners for metrics beside the admin port.
func (c *Config) metricsListeners() []listener {
	return slices.DeleteFunc(c.Service.Telemetry.Metrics.listeners(), func(l listener) bool {
		return overlap(l.address, c.Admin.Endpoint) // /metrics is there already
	})
}

// validateListeners finds two listeners on one port.
func (c *Config) validateListeners() []error {
	var errs []error
	all := c.listeners()
	for i, l := range all {
		for _, other := range all[:i] {
			if overlap(l.address, other.address) {
				errs = append(errs, invalid.Key(l.path, "%s is taken by %s (%s): each listener needs a port of its own", l.address, other.path, other.address))
				break
			}
		}
	}
	return errs
}

// overlap reports whether two addresses cannot be listened on at once. Port 0
// stands for any free one. Host names other than localhost are compared as text.
func overlap(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	ipA, ipB := address(hostA), address(hostB)
	return ipA == ipB && (ipA.IsValid() || hostA == hostB) || ipA.IsUnspecified() || ipB.IsUnspecified()
}

// address returns the IP address that a host stands for, if it is plain.
func address(host string) netip.Addr {
	switch host {
	case "":
		return netip.IPv4Unspecified()
	case "localhost":
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap()
}
