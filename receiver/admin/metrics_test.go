package admin

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// exampleMetrics collects the metrics of the example, and nothing of this process.
func exampleMetrics() *collector {
	return newCollector(deps(fixed{snapshot: example()}), exampleProcess)
}

// The names, labels and meanings of the metrics are API.
func TestExposition(t *testing.T) {
	h := exposition(exampleMetrics())
	_, text, header := ask(t, h, http.MethodGet, "/metrics")
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("content type %s", got)
	}
	golden(t, "metrics.txt", []byte(text))
	_, open, header := ask(t, h, http.MethodGet, "/metrics", "Accept", "application/openmetrics-text; version=1.0.0")
	if got := header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text; version=1.0.0") || !strings.HasSuffix(open, "# EOF\n") {
		t.Errorf("content type %s", got)
	}
	_, _, header = ask(t, h, http.MethodGet, "/metrics", "Accept-Encoding", "gzip")
	if header.Get("Content-Encoding") != "gzip" {
		t.Errorf("headers %v", header)
	}
}

// Every metric is used, documented and named by the conventions of Prometheus.
func TestMetricNames(t *testing.T) {
	gathered := exampleMetrics().gather()
	seen := map[string]bool{}
	for _, f := range gathered {
		seen[f.GetName()] = true
		series := map[string]bool{}
		for _, m := range f.GetMetric() {
			labels := fmt.Sprint(m.GetLabel())
			if series[labels] {
				t.Errorf("%s %s is there twice", f.GetName(), labels)
			}
			series[labels] = true
		}
	}
	for _, f := range families() {
		if !seen[f.name] {
			t.Errorf("%s is not in the example", f.name)
		}
	}
	problems, err := promlint.NewWithMetricFamilies(gathered).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// flaky fails in every way.
type flaky struct{}

func (flaky) Export(_ context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	switch rand.IntN(5) { //nolint:gosec // G404: any order will do
	case 0:
		return pipeline.Partial{}, &pipeline.RejectedError{Err: errors.New("no")}
	case 1:
		return pipeline.Partial{}, errors.New("broken")
	case 2:
		return pipeline.Partial{Rejected: int64(b.Items / 2)}, nil
	default:
		return pipeline.Partial{}, nil
	}
}

func (flaky) Close(context.Context) error { return nil }

// live takes a snapshot of a Destination at work.
type live struct{ *pipeline.Destination }

func (live) Health() (ok bool, why string) { return true, "" }

func (live) Ready() (ok bool, why string) { return true, "" }

func (l live) Snapshot() Snapshot { return Snapshot{Exporters: []pipeline.State{l.State()}} }

// Within each scrape the books balance, whatever happens meanwhile.
func TestBalance(t *testing.T) {
	queue := pipeline.DefaultQueueConfig()
	queue.QueueSize, queue.NumConsumers = 5, 2
	d := pipeline.NewDestination("flaky", flaky{}, pipeline.Settings{Queue: queue}, &pipeline.Pool{}, deps(nil).Log)
	route := pipeline.NewRoute([]*pipeline.Lane{d.Lane(wire.Logs, pipeline.Limits{})}, nil, nil)
	done := make(chan error, 2)
	go func() { done <- d.Run(t.Context()) }()
	go func() {
		data := mem.SliceBuffer(otlptest.Encode(otlptest.Logs(3)))
		for range 20_000 {
			_, _ = route.Consume(t.Context(), &pipeline.Payload{Signal: wire.Logs, Items: 3, Data: data})
		}
		d.Drain()
		done <- nil
	}()
	metrics := newCollector(deps(live{d}), exampleProcess)
	scrape := func() (accepted float64) {
		rest := 0.0
		for _, f := range metrics.gather() {
			switch f.GetName() {
			case nameExporterAccepted:
				accepted = sum(f)
			case nameExporterExported, nameExporterRejected, nameExporterDropped, nameExporterQueued, nameExporterSpooled:
				rest += sum(f)
			case nameUnexplained:
				if sum(f) != 0 {
					t.Fatalf("%g items are unexplained", sum(f))
				}
			}
		}
		if accepted != rest {
			t.Fatalf("%g items were accepted, and %g are accounted for", accepted, rest)
		}
		return accepted
	}
	ended := 0
	for ended < 2 {
		scrape()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			ended++
		default:
		}
	}
	if scrape() == 0 {
		t.Error("nothing was accepted")
	}
}

// sum adds up the series of a metric.
func sum(f *dto.MetricFamily) float64 {
	total := 0.0
	for _, m := range f.GetMetric() {
		total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return total
}
