package ingest

import (
	"sync/atomic"

	"github.com/otlpctl/otlpctl/receiver/measure"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Transport is how requests reach a Server.
type Transport string

// The transports.
const (
	GRPC Transport = "grpc"
	HTTP Transport = "http"
)

// State is what a Server reports about one of its transports since it was made.
type State struct {
	// Receiver is the name of the Server; Endpoint is where it listens.
	Receiver  string
	Transport Transport
	Endpoint  string
	// Connections is how many are open.
	Connections int64
	// Unmatched counts requests that are for no signal, by reason.
	Unmatched map[string]int64
	Signals   map[wire.Signal]SignalState
}

// SignalState counts the requests of one signal.
type SignalState struct {
	// Requests were accepted, in whole or in part.
	Requests int64
	// Items were accepted. Rejected items were not, as their clients were told
	// in a partial success.
	Items    int64
	Rejected int64
	// Refused counts requests of which nothing was accepted, by reason. How many
	// items they held is not known.
	Refused map[string]int64
	// WireBytes is what requests took as they came, accepted or not; Bytes is the
	// encoded size of accepted requests, decompressed and, for JSON, translated.
	WireBytes int64
	Bytes     int64
	// Latency is the time from a request's headers to its answer, accepted or not.
	Latency measure.Distribution
}

// stats are the counters of one transport.
type stats struct {
	connections atomic.Int64
	unmatched   refusals
	signals     [numSignals]signalStats
}

type signalStats struct {
	requests  atomic.Int64
	items     atomic.Int64
	rejected  atomic.Int64
	refused   refusals
	wireBytes atomic.Int64
	bytes     atomic.Int64
	latency   measure.Latency
}

type refusals [numCauses]atomic.Int64

// read returns the causes that occurred.
func (r *refusals) read() map[string]int64 {
	counts := map[string]int64{}
	for c := range numCauses {
		if n := r[c].Load(); n > 0 {
			counts[c.String()] = n
		}
	}
	return counts
}

// read adds the counters to s.
func (s *stats) read(into *State) {
	into.Connections = s.connections.Load()
	into.Unmatched = s.unmatched.read()
	into.Signals = make(map[wire.Signal]SignalState, numSignals)
	for _, sig := range wire.Signals() {
		c := &s.signals[sig]
		into.Signals[sig] = SignalState{
			Requests: c.requests.Load(), Items: c.items.Load(), Rejected: c.rejected.Load(), Refused: c.refused.read(),
			WireBytes: c.wireBytes.Load(), Bytes: c.bytes.Load(), Latency: c.latency.Read(),
		}
	}
}
