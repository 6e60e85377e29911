// Package resolve says what the receiver wants to know of backends that are found by name. Who finds them, in which
// registry, is the affair of whoever starts the receiver.
package resolve

import (
	"context"
	"errors"
	"time"
)

// ErrNoInstances says that nobody is there who could be sent to.
var ErrNoInstances = errors.New("no instances")

// Instance is one address of a service.
type Instance struct {
	// ID tells instances of one service apart, and is the same as long as it is the same instance.
	ID string `json:"id"`
	// Addr is host:port; a host of IPv6 is in brackets.
	Addr    string            `json:"addr"`
	Zone    string            `json:"zone,omitempty"`
	Version string            `json:"version,omitempty"`
	Tags    []string          `json:"tags,omitempty"`
	Meta    map[string]string `json:"meta,omitempty"`
}

// Answer is who is there.
type Answer struct {
	// Instances are those that may be sent to, in the order of their IDs. They are the receiver's to read only.
	Instances []Instance
	// At is when the registry has said so last.
	At time.Time
	// Err is why the registry cannot be asked now: then Instances is the last list that it gave, which may be none.
	Err error
}

// Source follows the instances behind one URL.
type Source interface {
	// Follow calls tell with the first answer as soon as there is one, failures included, and then with each change, until
	// ctx ends. Calls do not overlap.
	Follow(ctx context.Context, tell func(Answer))
}

// Open returns the Source of a URL such as consul://127.0.0.1:8500/otlp-receiver?tag=grpc. It connects nowhere; an error
// says what is wrong with the URL, without its secrets.
type Open func(url string) (Source, error)
