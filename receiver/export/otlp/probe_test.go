package otlp

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// A probe is a request like all others, with nothing in it.
func TestProbe(t *testing.T) {
	for name, a := range map[string]compression.Algorithm{"none": compression.None, "gzip": compression.Gzip, "zstd": compression.Zstd} {
		b := start(t, nil)
		cfg := b.config()
		cfg.Compression = name
		e, pool := b.exporter(t, cfg)
		for _, sig := range []wire.Signal{wire.Traces, wire.Metrics, wire.Logs} {
			if err := e.Probe(t.Context(), sig); err != nil {
				t.Errorf("%s, %s: %v", a, sig, err)
			}
		}
		for _, c := range b.received() {
			if proto.Size(c.request) != 0 || c.encoding != a {
				t.Errorf("%s: %v, as %s", a, c.request, c.encoding)
			}
		}
		pool.AllFreed(t)
	}
	b := start(t, func(context.Context, int, *call) (proto.Message, error) {
		return nil, status.Error(codes.Unauthenticated, "who are you?")
	})
	e, _ := b.exporter(t, b.config())
	if err := e.Probe(t.Context(), wire.Logs); err == nil || !strings.Contains(err.Error(), "Unauthenticated: who are you?") {
		t.Errorf("refused: %v", err)
	}
}
