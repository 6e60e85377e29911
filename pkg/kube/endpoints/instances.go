package endpoints

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// namesOnly is the type of slices that have no IP addresses.
const namesOnly = "FQDN"

// metaNode is the metadata that says on which node an instance runs.
const metaNode = "node"

// instances returns the endpoints that take connections and are not about to go, at a port. It fails if there are endpoints, but
// none has the port.
func instances(all []*watch.EndpointSlice, port string) ([]resolve.Instance, error) {
	var found []resolve.Instance
	var others []string
	missing := false
	seen := map[string]bool{} // a pod may be in several slices: for each family of addresses, and while it moves
	for _, slice := range slices.SortedStableFunc(slices.Values(all), byFamily) {
		if slice.AddressType == namesOnly || len(slice.Endpoints) == 0 {
			continue
		}
		number, names := portOf(slice.Ports, port)
		if number == 0 {
			missing, others = true, append(others, names...)
			continue
		}
		for _, e := range slice.Endpoints {
			if !e.Conditions.IsReady() || e.Conditions.IsTerminating() || len(e.Addresses) == 0 {
				continue
			}
			if i := instanceOf(e, number); !seen[i.ID] {
				seen[i.ID] = true
				found = append(found, i)
			}
		}
	}
	if missing && len(found) == 0 {
		return nil, noPort(port, others)
	}
	return found, nil
}

// byFamily puts IPv4 before IPv6.
func byFamily(a, b *watch.EndpointSlice) int { return cmp.Compare(a.AddressType, b.AddressType) }

// portOf returns the number of a port by its name or its number, or 0 and what else there is. Without a port it is the only one.
func portOf(ports []watch.EndpointPort, port string) (number int, others []string) {
	for _, p := range ports {
		if p.Port != 0 && (p.Name == port && port != "" || strconv.Itoa(p.Port) == port || port == "" && len(ports) == 1) {
			return p.Port, nil
		}
		others = append(others, strings.TrimPrefix(p.Name+" "+strconv.Itoa(p.Port), " "))
	}
	return 0, others
}

func noPort(port string, others []string) error {
	slices.Sort(others)
	there := "its endpoints have: " + strings.Join(slices.Compact(others), ", ")
	if port == "" {
		return hinted.New(fmt.Errorf("the Service has several ports: %s", there), usage)
	}
	return hinted.New(fmt.Errorf("the Service has no port %s: %s", port, there), usage)
}

func instanceOf(e watch.Endpoint, port int) resolve.Instance {
	addr := net.JoinHostPort(e.Addresses[0], strconv.Itoa(port))
	i := resolve.Instance{ID: addr, Addr: addr, Zone: e.Zone}
	if e.TargetRef.Name != "" {
		i.ID = e.TargetRef.Name
	}
	if e.NodeName != "" {
		i.Meta = map[string]string{metaNode: e.NodeName}
	}
	return i
}
