package manifest

import (
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// The protocols of listeners, which are the names of the first port of each.
const (
	grpcPort    = "grpc"
	httpPort    = "http"
	metricsPort = "metrics"
)

// adminPath is the key of the admin port.
const adminPath = "admin.endpoint"

// port is a listener that others can reach, under its name in pods and Services.
type port struct {
	config.Listener
	name string
}

func (p port) number() int32 { return int32(p.Port) } //nolint:gosec // a port

// portsOf names the listeners that can be reached from outside the pod.
func (r *renderer) portsOf(listeners []config.Listener) []port {
	var ports []port
	taken := map[string]bool{}
	for _, l := range listeners {
		if l.IsLoopback() {
			r.warnLoopback(l)
			continue
		}
		name := portName(l, taken)
		taken[name] = true
		ports = append(ports, port{l, name})
	}
	return ports
}

func (r *renderer) warnLoopback(l config.Listener) {
	if l.Path != adminPath {
		r.doubt(l.Path, fmt.Sprintf("listens on %s, which only the pod itself can reach: the Service does not have it", l.Host), "listen on 0.0.0.0 or ${env:POD_IP}")
	}
}

// portName returns a name that is not taken: the protocol, with the name of the receiver behind it if
// that fits, or else a number.
func portName(l config.Listener, taken map[string]bool) string {
	if !taken[l.Protocol] {
		return l.Protocol
	}
	named := l.Protocol + "-" + strings.ToLower(l.Name)
	for n := 2; taken[named] || len(validation.IsValidPortName(named)) > 0; n++ {
		named = l.Protocol + "-" + strconv.Itoa(n)
	}
	return named
}

// portOf returns the first port of a protocol.
func (r *renderer) portOf(protocol string) (port, bool) {
	for _, p := range r.ports {
		if p.Protocol == protocol {
			return p, true
		}
	}
	return port{}, false
}

// admin returns the admin port, if it can be reached from outside the pod.
func (r *renderer) admin() (port, bool) {
	for _, p := range r.ports {
		if p.Path == adminPath {
			return p, true
		}
	}
	return port{}, false
}
