// Package pipeline carries encoded telemetry from the servers to the exporters:
// it admits requests to each exporter's bounded queue, forms batches there,
// delivers them with retries and keeps the books. It never decodes what it carries.
//
// A request is acknowledged once it is in the queues of its exporters. Batches
// are formed behind that point, so nothing waits unaccounted for.
package pipeline

import (
	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// Payload is one valid request on its way to the exporters.
//
// Its buffers belong to whoever made it. A callee that keeps a buffer beyond its
// call takes a reference of its own (Ref) and frees that one; nobody writes to
// a buffer after the Payload was handed on.
type Payload struct {
	Signal wire.Signal
	// Items is how many items the request holds; never zero.
	Items int
	// Data is the encoded request.
	Data mem.Buffer
	// Gzip is the same request as the single gzip member in which it arrived, or nil.
	Gzip mem.Buffer
	// Group keeps requests apart: only those with an equal Group share a batch.
	Group string
}
