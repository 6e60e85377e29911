// Package discovery finds the instances of a service by its URL: in Consul, in etcd, in Eureka, in Kubernetes, in DNS or in the
// URL itself. It keeps up with changes and lives through outages of the registry; whom of the instances to send to is the affair
// of its caller.
package discovery

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/discovery/dns"
	"github.com/otlpctl/otlpctl/pkg/discovery/etcd"
	"github.com/otlpctl/otlpctl/pkg/discovery/eureka"
	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// The schemes of URLs.
const (
	SchemeConsul     = "consul"
	SchemeEtcd       = "etcd"
	SchemeEureka     = "eureka"
	SchemeKubernetes = "kubernetes"
	SchemeDNS        = "dns"
	SchemeStatic     = "static"
)

// Registries are those that can be asked. The zero value knows all but Kubernetes.
type Registries struct {
	// Kubernetes opens the URLs of Services of a cluster; package endpoints has what does.
	Kubernetes func(registry.Target) (*registry.Source, error)
}

// Open returns the source of a URL, such as consul://127.0.0.1:8500/otlp-receiver?tag=grpc. It asks no registry, but reads the
// files that the environment and the URL name. An error says what is wrong, without secrets.
func (r Registries) Open(url string) (resolve.Source, error) {
	t, err := registry.Parse(url)
	if err != nil {
		return nil, err
	}
	open, known := r.openers()[t.Scheme]
	if !known {
		return nil, hinted.New(fmt.Errorf("there is no registry %q", t.Scheme), "the URL begins with one of "+strings.Join(r.Schemes(), "://, ")+"://")
	}
	source, err := open(t)
	if err != nil {
		return nil, err // no Source of type nil
	}
	return source, nil
}

// Schemes returns the schemes of the registries that can be asked, in their order.
func (r Registries) Schemes() []string { return slices.Sorted(maps.Keys(r.openers())) }

func (r Registries) openers() map[string]func(registry.Target) (*registry.Source, error) {
	all := map[string]func(registry.Target) (*registry.Source, error){
		SchemeConsul: consul.Open,
		SchemeEtcd:   etcd.Open,
		SchemeEureka: eureka.Open,
		SchemeDNS:    dns.Open,
		SchemeStatic: openStatic,
	}
	if r.Kubernetes != nil {
		all[SchemeKubernetes] = r.Kubernetes
	}
	return all
}

// openStatic returns the source of static://HOST:PORT,…, whose instances are in the URL.
func openStatic(t registry.Target) (*registry.Source, error) {
	if err := t.Allow(); err != nil {
		return nil, err
	}
	if len(t.Hosts) == 0 || t.Path != "" || len(t.Query) > 0 {
		return nil, hinted.New(fmt.Errorf("%s: want addresses and nothing else", t), "write static://HOST:PORT,HOST:PORT")
	}
	addrs, err := t.Addrs("")
	if err != nil {
		return nil, err
	}
	instances := make([]resolve.Instance, len(addrs))
	for i, addr := range addrs {
		instances[i] = resolve.Instance{ID: addr, Addr: addr}
	}
	watch := func(ctx context.Context, found func([]resolve.Instance)) error {
		found(instances)
		<-ctx.Done()
		return ctx.Err()
	}
	return &registry.Source{Name: strings.Join(addrs, ","), Watch: watch}, nil
}
