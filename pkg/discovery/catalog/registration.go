package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Registration is an instance that is to be registered by hand.
type Registration struct {
	Name string
	// ID tells the instance from all others of the agent; empty is Name.
	ID string
	// Address is a host or an IP address; empty is that of the agent's node.
	Address string
	Port    int
	Tags    []string
	Meta    map[string]string
	// HTTP is a URL that answers with a status of 2xx when the instance is well, GRPC the host:port of grpc.health.v1, with the name
	// of a service behind a slash if it has one, TCP host:port that takes connections, and TTL how long a report of the instance
	// itself holds. One of them at most is set.
	HTTP, GRPC, TCP string
	TTL             time.Duration
	// UseTLS and SkipVerify say that the check with GRPC is made over TLS, and that any certificate will do, with HTTP too.
	UseTLS, SkipVerify bool
	// Interval and Timeout are those of checks that the agent makes.
	Interval, Timeout time.Duration
	// DeregisterAfter is after what time without being well the agent forgets the instance; 0 is never.
	DeregisterAfter time.Duration
}

func (r Registration) id() string { return cmp.Or(r.ID, r.Name) }

// Check returns what is wrong with a registration, without asking anybody.
func (r Registration) Check() error {
	ip, err := netip.ParseAddr(strings.Trim(r.Address, "[]"))
	switch {
	case r.Name == "" || strings.ContainsAny(r.Name, "/ \t\n"):
		return hinted.New(fmt.Errorf("--name %q: want the name of a service, without spaces and slashes", r.Name), "clients find the instance under it")
	case strings.ContainsAny(r.ID, "/ \t\n"):
		return fmt.Errorf("--id %q: want no spaces and no slashes", r.ID)
	case err == nil && ip.IsUnspecified():
		return hinted.New(fmt.Errorf("--address %s: nobody can connect to it", r.Address), "it is what clients are told: an address of the machine where the instance runs")
	case err != nil && strings.ContainsAny(r.Address, ":/ "):
		return hinted.New(fmt.Errorf("--address %q: want a host or an IP address", r.Address), "--port has the port")
	case r.Port < 1 || r.Port > 65535:
		return fmt.Errorf("--port %d: want 1 to 65535", r.Port)
	}
	return errors.Join(r.checkCheck(), r.checkTimes())
}

func (r Registration) checkCheck() error {
	kinds := 0
	for _, set := range []bool{r.HTTP != "", r.GRPC != "", r.TCP != "", r.TTL != 0} {
		if set {
			kinds++
		}
	}
	if kinds > 1 {
		return errors.New("an instance has one check: want one of --check-http, --check-grpc, --check-tcp and --check-ttl")
	}
	if r.HTTP != "" {
		u, err := url.Parse(r.HTTP)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
			return errors.New("--check-http: want a URL such as http://10.0.0.7:8888/health")
		case u.User != nil:
			return errors.New("--check-http: a URL is no place for a user or a password: everybody who may read the catalog could see it")
		}
	}
	target, _, _ := strings.Cut(r.GRPC, "/")
	return errors.Join(checkAddr("--check-grpc", target), checkAddr("--check-tcp", r.TCP))
}

func checkAddr(flag, addr string) error {
	if addr == "" {
		return nil
	}
	if _, err := registry.Addr(addr, ""); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}

func (r Registration) checkTimes() error {
	for _, d := range []struct {
		flag  string
		value time.Duration
		least time.Duration
	}{
		{"--check-ttl", r.TTL, time.Second},
		{"--check-interval", r.Interval, time.Second},
		{"--check-timeout", r.Timeout, time.Millisecond},
		{"--deregister-critical-after", r.DeregisterAfter, time.Minute},
	} {
		if d.value != 0 && d.value < d.least {
			return fmt.Errorf("%s %s: want %s or more", d.flag, d.value, d.least)
		}
	}
	return nil
}

// registration is what the agent is told.
func (r Registration) registration(now time.Time) *api.AgentServiceRegistration {
	meta := maps.Clone(r.Meta)
	if meta == nil {
		meta = map[string]string{}
	}
	if _, said := meta[metaRegisteredAt]; !said {
		meta[metaRegisteredAt] = now.UTC().Format(time.RFC3339)
	}
	return &api.AgentServiceRegistration{
		ID: r.id(), Name: r.Name, Address: strings.Trim(r.Address, "[]"), Port: r.Port, Tags: r.Tags, Meta: meta, Check: r.check(),
	}
}

// check is nil if there is to be none.
func (r Registration) check() *api.AgentServiceCheck {
	check := &api.AgentServiceCheck{
		CheckID: "service:" + r.id(), HTTP: r.HTTP, GRPC: r.GRPC, GRPCUseTLS: r.GRPC != "" && r.UseTLS, TCP: r.TCP, TLSSkipVerify: r.SkipVerify,
	}
	switch {
	case r.TTL != 0:
		check.TTL = r.TTL.String()
	case r.HTTP != "" || r.GRPC != "" || r.TCP != "":
		check.Interval, check.Timeout = r.Interval.String(), r.Timeout.String()
	default:
		return nil
	}
	if r.DeregisterAfter > 0 {
		check.DeregisterCriticalServiceAfter = r.DeregisterAfter.String()
	}
	return check
}
