// Package presence says what those are told who look for a receiver. Who tells them, in which registry, is the affair of
// whoever starts the receiver.
package presence

import (
	"context"
	"time"
)

// Endpoint is one address on which a receiver listens.
type Endpoint struct {
	// Protocol is grpc, http or metrics; the first for metrics is the admin port.
	Protocol string
	// Addr is host:port, as it is listened on: the host may stand for all addresses.
	Addr string
	TLS  bool
	// ClientCert says that who connects must have a certificate.
	ClientCert bool
}

// Presence is a receiver as others may know it.
type Presence struct {
	Version string
	// ConfigHash names the configuration in use.
	ConfigHash string
	// Endpoints are in the order of their importance.
	Endpoints []Endpoint
}

// First returns the most important endpoint of a protocol.
func (p Presence) First(protocol string) (Endpoint, bool) {
	for _, e := range p.Endpoints {
		if e.Protocol == protocol {
			return e, true
		}
	}
	return Endpoint{}, false
}

// Announcer makes a receiver known. Its methods are not called at the same time, but for Registrations.
type Announcer interface {
	// Announce makes the receiver known in the background, and known again if it has been forgotten, until Withdraw. Called
	// again, it says what has changed. It does not wait, and what it begins outlives ctx.
	Announce(ctx context.Context, p Presence)
	// Withdraw makes it unknown, which takes as long as registries take to answer, but not beyond the end of ctx. It returns
	// for how long clients may still come that have not heard of it.
	Withdraw(ctx context.Context) time.Duration
	// Registrations says how that goes.
	Registrations() []Registration
}

// Registration is one entry in a registry. The names of its fields are API.
type Registration struct {
	// Registry is consul, etcd or eureka.
	Registry string `json:"registry"`
	// Address is that of the registry.
	Address string `json:"address"`
	Service string `json:"service"`
	ID      string `json:"id"`
	// Advertised is host:port that the registry tells; empty as long as it is not known.
	Advertised string `json:"advertised,omitempty"`
	Registered bool   `json:"registered"`
	// Since is when that became so.
	Since time.Time `json:"since"`
	// Error is why it is not registered, or cannot be kept so.
	Error string `json:"error,omitempty"`
	// Failures counts requests to the registry that have failed.
	Failures int64 `json:"failures"`
}
