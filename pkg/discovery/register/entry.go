package register

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/receiver/presence"
)

// entry is what a registry is told about a receiver.
type entry struct {
	service, id string
	host        string
	port        int
	tags        []string
	meta        map[string]string
	zone        string
	version     string
	// main is the endpoint that host and port are of.
	main presence.Endpoint
	// admin is where health is asked for: host:port as it can be reached.
	admin   presence.Endpoint
	adminAt string
}

func (e entry) addr() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

// mainOf returns the endpoint that a registry tells: that for gRPC, if there is one.
func mainOf(p presence.Presence) (presence.Endpoint, error) {
	for _, protocol := range []string{"grpc", "http"} {
		if e, ok := p.First(protocol); ok {
			return e, nil
		}
	}
	return presence.Endpoint{}, fmt.Errorf("the receiver listens on no port for OTLP that a registry could tell")
}

// entryOf describes a receiver that is reached at host.
func (s *Service) entryOf(p presence.Presence, main presence.Endpoint, id, host string) (entry, error) {
	port, err := portOf(main)
	if err != nil {
		return entry{}, err
	}
	e := entry{
		service: s.Name, id: id, host: host, port: port, zone: s.Zone, version: p.Version, main: main,
		tags: []string{p.Version, main.Protocol, "otlp"},
		meta: map[string]string{registry.MetaVersion: p.Version, registry.MetaConfigHash: p.ConfigHash},
	}
	for _, tag := range s.Tags {
		if !slices.Contains(e.tags, tag) {
			e.tags = append(e.tags, tag)
		}
	}
	if s.Zone != "" {
		e.meta[registry.MetaZone] = s.Zone
	}
	for _, endpoint := range p.Endpoints {
		name := endpoint.Protocol + "_port"
		if _, taken := e.meta[name]; taken {
			continue
		}
		number, err := portOf(endpoint)
		if err != nil {
			return entry{}, err
		}
		e.meta[name] = strconv.Itoa(number)
	}
	maps.Copy(e.meta, s.Meta)
	if admin, ok := p.First("metrics"); ok {
		e.admin = admin
		number, err := portOf(admin)
		if err != nil {
			return entry{}, err
		}
		e.adminAt = net.JoinHostPort(certain(admin, host), strconv.Itoa(number))
	}
	return e, nil
}

// situate adds since when the entry is there and, in Kubernetes, of which pod it is.
func (e *entry) situate(now time.Time, lookup func(string) (string, bool)) {
	add := func(key, value string) {
		if _, said := e.meta[key]; !said && value != "" {
			e.meta[key] = value
		}
	}
	pod, _ := lookup("POD_NAME")
	namespace, _ := lookup("POD_NAMESPACE")
	add(registry.MetaRegisteredAt, now.UTC().Format(time.RFC3339))
	add(registry.MetaPod, pod)
	add(registry.MetaPodNamespace, namespace)
}

// certain returns the host that an endpoint listens on, or host if it listens on all.
func certain(e presence.Endpoint, host string) string {
	if own := hostOf(e); !isAny(own) {
		return own
	}
	return host
}

func portOf(e presence.Endpoint) (int, error) {
	_, port, err := net.SplitHostPort(e.Addr)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}
