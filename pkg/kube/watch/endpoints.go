package watch

import (
	"context"
	"net/url"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EndpointSlice is the part of one that counts: the package of its type is not worth its weight.
type EndpointSlice struct {
	metav1.ObjectMeta `json:"metadata"`

	AddressType string         `json:"addressType"`
	Endpoints   []Endpoint     `json:"endpoints"`
	Ports       []EndpointPort `json:"ports"`
}

// Endpoint is a pod of a Service, in most cases.
type Endpoint struct {
	// Addresses are of the same thing.
	Addresses  []string   `json:"addresses"`
	Conditions Conditions `json:"conditions"`
	NodeName   string     `json:"nodeName"`
	Zone       string     `json:"zone"`
	TargetRef  struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	} `json:"targetRef"`
}

// Conditions are those of an endpoint.
type Conditions struct {
	Ready       *bool `json:"ready"`
	Terminating *bool `json:"terminating"`
}

// IsReady says whether the endpoint takes connections. One of which that is not known does.
func (c Conditions) IsReady() bool { return c.Ready == nil || *c.Ready }

// IsTerminating says whether the endpoint is about to go. One may be so and ready, if its Service wants that.
func (c Conditions) IsTerminating() bool { return c.Terminating != nil && *c.Terminating }

// EndpointPort is a port of all endpoints of a slice.
type EndpointPort struct {
	Name string `json:"name"`
	Port int    `json:"port"`
}

// slicesOf returns a query for the EndpointSlices of a Service.
func slicesOf(service string) url.Values {
	return url.Values{"labelSelector": {"kubernetes.io/service-name=" + service}}
}

// Endpoints follows where the pods of a Service are.
type Endpoints struct {
	API                API
	Namespace, Service string
}

// Follow calls changed with all EndpointSlices of the Service, and again after each change, until the API server cannot be
// asked any more, or ctx ends.
func (e Endpoints) Follow(ctx context.Context, changed func([]*EndpointSlice)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := feed[EndpointSlice, *EndpointSlice]{
		api: e.API, path: at(discovery, e.Namespace, "endpointslices"), query: slicesOf(e.Service), changed: changed,
		away: func(err error) {
			if err != nil {
				cancel(err)
			}
		},
	}
	if err := f.run(ctx); ctx.Err() == nil {
		return err
	}
	return context.Cause(ctx)
}
