package e2e_test

import (
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/numbered"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
)

// An exporter whose backend hangs does not hold up its neighbour: every request is acknowledged at once, and the
// healthy backend has it soon after, long after the stuck one's queue is full.
func TestStuckExporterBesideHealthyOne(t *testing.T) {
	t.Parallel()
	// All together, which is far less than one request that waits for the stuck exporter takes.
	const requests, soon = 400, 20 * time.Second
	healthy, stuck := sink.Run(t), sink.Run(t)
	p := proxy(t, stuck.GRPC())
	p.Pause()
	s := serve(t, forwarding(
		exporter("otlp/healthy", healthy.GRPC(), "compression: none")+
			exporter("otlp/stuck", p.Addr(), "compression: none", "timeout: 60s", "sending_queue: {queue_size: 4, num_consumers: 1}"),
		"otlp/stuck", "otlp/healthy"))
	c := s.client(t, signal.GRPC, "")
	began := time.Now()
	for i := range uint64(requests) {
		if err := c.Export(t.Context(), signal.Logs, numbered.Request(signal.Logs, i*itemsPerRequest+1, itemsPerRequest)); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	healthy.WaitItems(t, signal.Logs, requests*itemsPerRequest, arrivalLimit)
	if took := time.Since(began); took > soon {
		t.Errorf("the healthy backend had everything after %s", took)
	}
	if n := stuck.Items(signal.Logs); n > 0 {
		t.Errorf("%d items got through a paused proxy", n)
	}
	p.Resume()
	stuck.WaitItems(t, signal.Logs, itemsPerRequest, arrivalLimit)
}
