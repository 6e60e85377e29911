package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/balance"
	"github.com/otlpctl/otlpctl/receiver/export/otlp"
	"github.com/otlpctl/otlpctl/receiver/export/otlphttp"
	"github.com/otlpctl/otlpctl/receiver/ingest"
	"github.com/otlpctl/otlpctl/receiver/internal/otlptest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// registry is a scripted registry with one service.
type registry struct {
	mu      sync.Mutex
	answer  resolve.Answer
	changed chan struct{} // closed with each change
}

func newRegistry(addrs ...string) *registry {
	r := &registry{changed: make(chan struct{})}
	r.set(resolve.Answer{Instances: at(addrs...)})
	return r
}

func at(addrs ...string) []resolve.Instance {
	all := make([]resolve.Instance, len(addrs))
	for i, addr := range addrs {
		all[i] = resolve.Instance{ID: fmt.Sprint("instance-", i), Addr: addr}
	}
	return all
}

func (r *registry) set(a resolve.Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = a
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *registry) Follow(ctx context.Context, tell func(resolve.Answer)) {
	for ctx.Err() == nil {
		r.mu.Lock()
		answer, changed := r.answer, r.changed
		r.mu.Unlock()
		tell(answer)
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (r *registry) open(string) (resolve.Source, error) { return r, nil }

// named returns an exporter to a service over a protocol.
func named(t ingest.Transport, p balance.Policy) ExporterConfig {
	const endpoint = "consul://127.0.0.1:8500/otlp-receiver"
	if t == ingest.GRPC {
		c := otlp.DefaultConfig()
		c.Endpoint, c.TLS.Insecure, c.Balance.Policy = endpoint, true, p
		return &c
	}
	c := otlphttp.DefaultConfig()
	c.Endpoint, c.TLS.Insecure, c.Balance.Policy = endpoint, true, p
	return &c
}

// gateway returns the configuration of a receiver that sends traces to e.
func gateway(e ExporterConfig) Config {
	c := local()
	id := ID("otlp/out")
	if _, ok := e.(*otlphttp.Config); ok {
		id = "otlphttp/out"
	}
	c.Exporters = map[ID]ExporterConfig{id: e}
	c.Service.Pipelines = map[ID]PipelineConfig{"traces": {Receivers: []ID{"otlp"}, Exporters: []ID{id}}}
	return c
}

// backends starts n receivers that drop what they get, and returns their addresses.
func backends(t *testing.T, n int, over ingest.Transport) ([]running, []string) {
	t.Helper()
	all, addrs := make([]running, n), make([]string, n)
	for i := range all {
		c := local()
		c.Exporters = map[ID]ExporterConfig{"nop": NewExporterConfig("nop")}
		c.Service.Pipelines = map[ID]PipelineConfig{"traces": {Receivers: []ID{"otlp"}, Exporters: []ID{"nop"}}}
		all[i] = start(t, c, io.Discard)
		addrs[i] = all[i].now.Load().servers["otlp"].Addr(over)
	}
	return all, addrs
}

// accepted stops a receiver and returns how many items it has accepted.
func (r running) accepted(t *testing.T) int64 {
	t.Helper()
	r.stop()
	receipt, err := <-r.receipt, <-r.err
	if err != nil || receipt.Unexplained() != 0 {
		t.Errorf("receipt %+v, error %v", receipt, err)
	}
	var n int64
	for _, e := range receipt.Entries {
		n += e.Accepted
	}
	return n
}

// discovered returns what the only exporter knows of its backends.
func (r running) discovered() pipeline.Discovered {
	return *view{r.Receiver}.Snapshot().Exporters[0].Discovered
}

func TestServiceIsBalanced(t *testing.T) {
	f := func(over ingest.Transport, p balance.Policy, n int, deviation float64) {
		t.Helper()
		all, addrs := backends(t, n, over)
		front := startWith(t, gateway(named(over, p)), newRegistry(addrs...))
		const size = 50
		for range 20 * n {
			front.post(t, "/v1/traces", protobuf, otlptest.Encode(otlptest.Traces(size)))
		}
		sent := int64(20 * n * size)
		front.end(t, sent)
		arrived := int64(0)
		for i, b := range all {
			got := b.accepted(t)
			arrived += got
			if share := float64(sent) / float64(n); float64(got) < share*(1-deviation) || float64(got) > share*(1+deviation) {
				t.Errorf("%s, %s: backend %d of %d got %d spans, its share is %.0f", over, p, i, n, got, share)
			}
		}
		if arrived != sent {
			t.Errorf("%s, %s: %d spans arrived, want %d", over, p, arrived, sent)
		}
	}
	f(ingest.GRPC, balance.RoundRobin, 5, 0.1)
	f(ingest.HTTP, balance.RoundRobin, 3, 0.1)
	f(ingest.GRPC, balance.LeastConnections, 2, 0.98) // who answers sooner gets more
	f(ingest.HTTP, balance.ConsistentHash, 3, 0.8)    // of 50 traces
}

// startWith is start with a registry.
func startWith(t *testing.T, c Config, registry *registry) running {
	t.Helper()
	d := deps(io.Discard)
	d.Resolve = registry.open
	return startOn(t, c, d)
}

// An instance that dies costs nothing: what it does not take goes to another, whether
// the registry has noticed or not.
func TestAnInstanceOfAServiceDies(t *testing.T) {
	for _, over := range []ingest.Transport{ingest.GRPC, ingest.HTTP} {
		for _, p := range []balance.Policy{balance.RoundRobin, balance.ConsistentHash} {
			all, addrs := backends(t, 4, over)
			directory := newRegistry(addrs...)
			front := startWith(t, gateway(named(over, p)), directory)
			send := func(n int) {
				for range n {
					front.post(t, "/v1/traces", protobuf, otlptest.Encode(otlptest.Traces(20)))
				}
			}
			send(20)
			arrived := all[0].accepted(t)
			send(40)
			directory.set(resolve.Answer{Instances: at(addrs...)[1:], Err: errors.New("no leader")})
			send(20)
			for d := front.discovered(); d.Known != 3; d = front.discovered() {
				<-time.After(time.Millisecond)
			}
			if d := front.discovered(); d.Problem != "no leader" {
				t.Errorf("%s, %s: %+v", over, p, d)
			}
			front.end(t, 80*20)
			for _, b := range all[1:] {
				arrived += b.accepted(t)
			}
			if arrived < 80*20 {
				t.Errorf("%s, %s: %d spans arrived, want %d at least", over, p, arrived, 80*20)
			}
		}
	}
}

func TestChecksOfAService(t *testing.T) {
	f := func(over ingest.Transport, upTo Level, open resolve.Open, want string) {
		t.Helper()
		d := deps(io.Discard)
		d.Resolve = open
		c := gateway(named(over, balance.RoundRobin))
		outcomes, err := NewChecks(c, d, upTo).Run(t.Context(), 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var failed []string
		for _, o := range outcomes {
			if o.Status == CheckFailed {
				failed = append(failed, o.At+": "+o.Problem)
			}
		}
		if got := strings.Join(failed, "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", over, got, want)
		}
	}
	for _, over := range []ingest.Transport{ingest.GRPC, ingest.HTTP} {
		all, addrs := backends(t, 1, over)
		path := "exporters.otlp/out.endpoint: "
		if over == ingest.HTTP {
			path = "exporters.otlphttp/out.endpoint: "
		}
		f(over, LevelConnect, newRegistry(addrs...).open, "")
		f(over, LevelConnect, newRegistry(append(addrs, "127.0.0.1:1")...).open, "")
		f(over, LevelConnect, newRegistry("127.0.0.1:1").open, path+"export to ")
		f(over, LevelConnect, newRegistry().open, path+"export to consul://127.0.0.1:8500/otlp-receiver: no instances")
		f(over, LevelBuild, nil, path+"names a service, and nothing here can find its instances")
		f(over, LevelBuild, func(string) (resolve.Source, error) { return nil, errors.New("consul://…: no name") }, path+"consul://…: no name")
		all[0].end(t, 0)
	}
}
