package ingest

import (
	"sync/atomic"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Routes tell a Server where the requests of each signal go. They can be changed
// while it serves: a request follows the routes of the moment in which it came.
type Routes struct {
	current atomic.Pointer[[numSignals]*pipeline.Route]
}

const numSignals = int(wire.Profiles) + 1

// NewRoutes returns the given routes. A signal without one is not served.
func NewRoutes(bySignal map[wire.Signal]*pipeline.Route) *Routes {
	r := &Routes{}
	r.Set(bySignal)
	return r
}

// Set replaces all routes. Requests that came before may still be on their way
// into the old ones when it returns.
func (r *Routes) Set(bySignal map[wire.Signal]*pipeline.Route) {
	var table [numSignals]*pipeline.Route
	for sig, route := range bySignal {
		table[sig] = route
	}
	r.current.Store(&table)
}

// route returns where the requests of the signal go, or nil.
func (r *Routes) route(sig wire.Signal) *pipeline.Route { return r.current.Load()[sig] }
