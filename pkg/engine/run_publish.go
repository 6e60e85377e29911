package engine

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"
)

// Publish says where the ports of a container are reachable on the host. As a flag it is none, or an address of
// the host. The zero value is every address.
type Publish struct {
	Off     bool
	Address netip.Addr
}

// ParsePublish reads a flag.
func ParsePublish(text string) (Publish, error) {
	switch text {
	case "none":
		return Publish{Off: true}, nil
	case "", "all":
		return Publish{}, nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return Publish{}, fmt.Errorf("%q: want an IP address of the host, such as 127.0.0.1, or all or none", text)
	}
	return Publish{Address: address}, nil
}

// binding returns where a port is published: under the same number.
func (p Publish) binding(port int) nat.PortBinding {
	b := nat.PortBinding{HostPort: strconv.Itoa(port)}
	if p.Address.IsValid() && !p.Address.IsUnspecified() {
		b.HostIP = p.Address.String()
	}
	return b
}

// exposed returns the set of ports that a container listens on, as the engine wants it.
func exposed(ports []int) nat.PortSet {
	set := nat.PortSet{}
	for _, port := range ports {
		set[tcp(port)] = struct{}{}
	}
	return set
}

func tcp(port int) nat.Port { return nat.Port(strconv.Itoa(port) + "/tcp") }

// exposedPorts returns the TCP ports that an image exposes.
func exposedPorts(set map[string]struct{}) []int {
	var ports []int
	for text := range set {
		if p := nat.Port(text); p.Proto() == "tcp" && p.Int() > 0 {
			ports = append(ports, p.Int())
		}
	}
	return ports
}

// collision returns the first host port that two containers would both publish, or nothing.
func collision(a, b *container.HostConfig) string {
	if a.NetworkMode.IsHost() && b.NetworkMode.IsHost() {
		return "on the host's network"
	}
	others := published(b)
	for _, mine := range published(a) {
		for _, other := range others {
			if mine.HostPort == other.HostPort && sameAddress(mine.HostIP, other.HostIP) {
				return net.JoinHostPort(cmp.Or(mine.HostIP, other.HostIP, "0.0.0.0"), mine.HostPort)
			}
		}
	}
	return ""
}

// published returns the bindings of a container's ports, in the order of these.
func published(host *container.HostConfig) []nat.PortBinding {
	var all []nat.PortBinding
	for _, port := range slices.SortedFunc(maps.Keys(host.PortBindings), byNumber) {
		all = append(all, host.PortBindings[port]...)
	}
	return all
}

// sameAddress reports whether one port cannot be had at both addresses of the host.
func sameAddress(a, b string) bool {
	everywhere := func(text string) bool {
		address, err := netip.ParseAddr(text)
		return text == "" || err == nil && address.IsUnspecified()
	}
	return a == b || everywhere(a) || everywhere(b)
}
