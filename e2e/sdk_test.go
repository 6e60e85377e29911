package e2e_test

import (
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// way is one transport of an SDK's exporters.
type way struct {
	name string
	grpc bool
	gzip bool
}

func ways() []way {
	return []way{{"grpc", true, false}, {"grpc gzip", true, true}, {"http", false, false}, {"http gzip", false, true}}
}

// throughAndAround gives the SDK two exporters for the same data: one reaches the sink through otlpctl, the other is
// connected to a sink of its own. What arrives must be the same.
func throughAndAround(t *testing.T, sig signal.Signal, send func(t *testing.T, w way, addr string, direct *sink.Sink)) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			behind, direct := sink.Run(t), sink.Run(t)
			s := serve(t, forwarding(toSink(behind.GRPC()), "otlp"))
			addr := s.http
			if w.grpc {
				addr = s.grpc
			}
			send(t, w, addr, direct)
			behind.WaitItems(t, sig, direct.Items(sig), arrivalLimit)
			wantSame(t, sig, behind, direct)
		})
	}
}

// wantSame compares what two sinks accepted, item by item, resource and scope included.
func wantSame(t *testing.T, sig signal.Signal, got, want *sink.Sink) {
	t.Helper()
	g, err := signal.Itemize(got.Messages(sig)...)
	if err != nil {
		t.Fatal(err)
	}
	w, err := signal.Itemize(want.Messages(sig)...)
	if err != nil {
		t.Fatal(err)
	}
	wantItems(t, g, w)
}

func wantItems(t *testing.T, got, want []string) {
	t.Helper()
	if len(want) == 0 {
		t.Error("nothing was sent")
	}
	if len(got) != len(want) {
		t.Fatalf("%d items arrived, %d were sent", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("item %d differs\n got %q\nwant %q", i, got[i], want[i])
		}
	}
}

func testResource() *resource.Resource {
	return resource.NewWithAttributes("https://example.com/resource-schema",
		attribute.String("service.name", "e2e"), attribute.BoolSlice("flags", []bool{true, false}))
}
