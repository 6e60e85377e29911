// Package differential holds otlpctl's own codecs against the OpenTelemetry Collector's pdata, an independent
// implementation that real backends use: what one writes the other must read, with the same meaning.
package differential

import (
	"fmt"

	"github.com/otlpctl/otlpctl/receiver/wire"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// own maps the harness's names of signals to the product's.
func own(sig signal.Signal) wire.Signal {
	s, ok := wire.ParseSignal(sig.String())
	if !ok {
		panic("no such signal: " + sig.String())
	}
	return s
}

// decode reads an encoded request with the official generated types.
func decode(sig signal.Signal, encoded []byte) (proto.Message, error) {
	m := sig.NewRequest()
	if err := proto.Unmarshal(encoded, m); err != nil {
		return nil, fmt.Errorf("official decoder: %w", err)
	}
	return m, nil
}
