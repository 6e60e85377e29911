// Package dns finds the addresses of a name. DNS tells nobody of a change, and Go's resolver not how long an answer holds: the
// name is looked up every thirty seconds, as often as most names with changing addresses allow.
package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

const (
	paramType   = "type"
	paramServer = "server"
	typeSRV     = "srv"
)

// lookup is what a resolver is asked; net.Resolver is one.
type lookup interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// name is one that is looked up.
type name struct {
	lookup lookup
	server string // in messages; empty is that of the machine
	host   string
	port   string
	srv    bool
}

// Open returns the source of dns://HOST:PORT, of dns:///HOST:PORT, which is the same, or of dns://NAME?type=srv.
func Open(t registry.Target) (*registry.Source, error) {
	if err := t.Allow(paramType, paramServer); err != nil {
		return nil, err
	}
	n := &name{lookup: net.DefaultResolver}
	wanted, err := hostOf(t)
	if err != nil {
		return nil, err
	}
	switch kind := strings.ToLower(t.Query.Get(paramType)); kind {
	case typeSRV:
		n.host, n.srv = wanted, true
		if strings.Contains(wanted, ":") {
			return nil, hinted.New(fmt.Errorf("%s: SRV records have the ports", t), "write dns://NAME?type=srv")
		}
	case "", "a", "aaaa":
		addr, err := registry.Addr(wanted, "")
		if err != nil {
			return nil, hinted.New(fmt.Errorf("%s: %w", t, err), "write dns://HOST:PORT, or dns://NAME?type=srv if the ports are in DNS too")
		}
		n.host, n.port, _ = net.SplitHostPort(addr)
	default:
		return nil, fmt.Errorf("%s: %s=%s: want a or srv", t, paramType, kind)
	}
	if at := t.Query.Get(paramServer); at != "" {
		if err := n.use(at); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", t, paramServer, err)
		}
	}
	if len(t.Choice().Tags) > 0 || t.Choice().Zone != "" {
		return nil, fmt.Errorf("%s: DNS has no tags and zones to choose by", t)
	}
	return &registry.Source{Name: n.host, Watch: n.watch}, nil
}

// hostOf returns what is to be looked up. As in the URLs of gRPC, a server may stand before the path.
func hostOf(t registry.Target) (string, error) {
	switch {
	case len(t.Hosts) == 1 && t.Path == "":
		return t.Hosts[0], nil
	case len(t.Hosts) == 0 && t.Path != "" && !strings.Contains(t.Path, "/"):
		return t.Path, nil
	case len(t.Hosts) == 1 && !strings.Contains(t.Path, "/"):
		t.Query.Set(paramServer, t.Hosts[0])
		return t.Path, nil
	}
	return "", hinted.New(fmt.Errorf("%s: there is to be one name", t), "write dns://HOST:PORT")
}

// use has another server asked than that of the machine.
func (n *name) use(server string) error {
	addr, err := registry.Addr(server, "53")
	if err != nil {
		return err
	}
	n.server = " at " + addr
	n.lookup = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}}
	return nil
}

// watch looks up again and again.
func (n *name) watch(ctx context.Context, found func([]resolve.Instance)) error {
	for ctx.Err() == nil {
		all, err := n.look(ctx)
		if err != nil {
			return n.explain(err)
		}
		found(all)
		registry.Sleep(ctx, registry.Freshness)
	}
	return ctx.Err()
}

func (n *name) look(ctx context.Context) ([]resolve.Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, registry.AnswerTimeout)
	defer cancel()
	if !n.srv {
		return n.addresses(ctx, n.host, n.port)
	}
	_, records, err := n.lookup.LookupSRV(ctx, "", "", n.host)
	if err != nil {
		return nil, unlessUnknown(err)
	}
	var all []resolve.Instance
	for _, r := range first(records) {
		found, err := n.addresses(ctx, r.Target, strconv.Itoa(int(r.Port)))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// first returns the records of the first priority: the others are for when those cannot be reached, which DNS does not know.
func first(records []*net.SRV) []*net.SRV {
	var kept []*net.SRV
	for _, r := range records { // they are in the order of their priority
		if r.Priority == records[0].Priority && r.Target != "." {
			kept = append(kept, r)
		}
	}
	return kept
}

func (n *name) addresses(ctx context.Context, host, port string) ([]resolve.Instance, error) {
	ips, err := n.ips(ctx, host)
	if err != nil {
		return nil, unlessUnknown(err)
	}
	all := make([]resolve.Instance, 0, len(ips))
	for _, ip := range ips {
		addr := net.JoinHostPort(ip.Unmap().String(), port)
		all = append(all, resolve.Instance{ID: addr, Addr: addr})
	}
	return all, nil
}

// ips looks up a name. What is an address is one already, and keeps its zone, which a resolver would drop.
func (n *name) ips(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	return n.lookup.LookupNetIP(ctx, "ip", host)
}

// unlessUnknown makes a name that does not exist one without addresses, which is what the names of services are that nobody
// offers.
func unlessUnknown(err error) error {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return nil
	}
	return err
}

func (n *name) explain(err error) error {
	dns, ok := errors.AsType[*net.DNSError](err)
	switch {
	case !ok:
		return fmt.Errorf("dns%s: %w", n.server, err)
	case dns.IsTimeout:
		return hinted.New(fmt.Errorf("dns%s does not answer in time", n.server), "is it the right server, and running?")
	}
	return hinted.New(fmt.Errorf("dns%s: %s", n.server, dns.Err), "is it the right server, and running?")
}
