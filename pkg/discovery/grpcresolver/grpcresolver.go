// Package grpcresolver lets any gRPC client of Go dial the URLs of package discovery:
//
//	open := discovery.Registries{}.Open
//	conn, err := grpc.NewClient("consul://127.0.0.1:8500/otlp-receiver",
//		grpc.WithResolvers(grpcresolver.Builder("consul", open)),
//		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
//
// It registers nothing by itself.
package grpcresolver

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// Builder returns what resolves the targets of a scheme through the sources that open opens.
func Builder(scheme string, open resolve.Open) resolver.Builder { return builder{scheme, open} }

type builder struct {
	scheme string
	open   resolve.Open
}

// Scheme is that of the targets.
func (b builder) Scheme() string { return b.scheme }

// Build begins to follow a target.
func (b builder) Build(target resolver.Target, conn resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	source, err := b.open(target.URL.String())
	if err != nil {
		return nil, err
	}
	//nolint:forbidigo // gRPC hands out no context: a resolver ends with Close
	ctx, cancel := context.WithCancel(context.Background())
	f := &following{conn: conn, target: target.URL.Host + target.URL.Path, stop: cancel}
	f.done.Go(func() { source.Follow(ctx, f.tell) })
	return f, nil
}

// following tells a connection what a source tells.
type following struct {
	conn   resolver.ClientConn
	target string
	stop   context.CancelFunc
	done   sync.WaitGroup
}

func (f *following) tell(a resolve.Answer) {
	if a.Err != nil && len(a.Instances) > 0 {
		return // the last list stands
	}
	if a.Err != nil {
		f.conn.ReportError(a.Err)
		return
	}
	state := resolver.State{Endpoints: make([]resolver.Endpoint, len(a.Instances))}
	for i, instance := range a.Instances {
		state.Endpoints[i] = resolver.Endpoint{
			Addresses: []resolver.Address{{Addr: instance.Addr}}, Attributes: attributes.New(key{}, value(instance)),
		}
	}
	_ = f.conn.UpdateState(state) // an error asks for other addresses, and there are none
	if len(a.Instances) == 0 {
		// Balancers that have no text of their own for this say it to callers.
		f.conn.ReportError(fmt.Errorf("%s: %w", f.target, resolve.ErrNoInstances))
	}
}

// ResolveNow does nothing: changes come by themselves.
func (f *following) ResolveNow(resolver.ResolveNowOptions) {}

// Close ends the following, and returns when it has ended.
func (f *following) Close() {
	f.stop()
	f.done.Wait()
}

// key is that of the instance in the attributes of an endpoint.
type key struct{}

// value is an instance that can be compared, as attributes are.
type value resolve.Instance

// Equal says that the instances are the same: what else has changed of one is no reason to connect anew.
func (v value) Equal(other any) bool {
	o, ok := other.(value)
	return ok && v.ID == o.ID && v.Zone == o.Zone && v.Version == o.Version
}

// Instance returns the instance that an endpoint is: a balancer may want to know its zone.
func Instance(e resolver.Endpoint) (resolve.Instance, bool) {
	v, ok := e.Attributes.Value(key{}).(value)
	return resolve.Instance(v), ok
}
