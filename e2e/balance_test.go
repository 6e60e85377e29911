package e2e_test

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/fault"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// gentle is slow enough to leave the machine to others, and quick enough to notice a gap.
var gentle = pace{items: itemsPerRequest, every: 10 * time.Millisecond} //nolint:gochecknoglobals // a table

// sinks starts backends.
func sinks(t *testing.T, n int) []*sink.Sink {
	t.Helper()
	all := make([]*sink.Sink, n)
	for i := range all {
		all[i] = sink.Run(t)
	}
	return all
}

// wantOnce waits until everything that was acknowledged has arrived at one of the sinks, and checks that nothing has twice.
func (l *loads) wantOnce(t *testing.T, behind ...*sink.Sink) {
	t.Helper()
	l.wantNothingMissing(t, behind...)
	for sig, v := range l.verdicts(behind...) {
		if v.Duplicates > 0 {
			t.Errorf("%s: %s", sig, v)
		}
	}
}

// discovery is what /status says of backends that an exporter finds by name.
type discovery struct {
	Known int            `json:"known"`
	Stale bool           `json:"stale"`
	By    map[string]int `json:"by_condition"`
}

// discovery is that of the only exporter.
func (s *server) discovery(t *testing.T) discovery { return s.status(t).Exporters[0].Discovery }

// One of five backends dies under load and comes back. What it does not take goes to the others within the same attempt: no
// client is refused, nothing is lost, and no batch waits for another attempt.
func TestBackendOfAServiceDies(t *testing.T) {
	for _, policy := range []string{"round_robin", "least_connections", "consistent_hash"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			behind := sinks(t, 5)
			var addrs []string
			var proxies []*fault.Proxy
			for _, b := range behind {
				p := proxy(t, b.GRPC())
				proxies, addrs = append(proxies, p), append(addrs, p.Addr())
			}
			s := serve(t, forwarding(exporter("otlp", "static://"+strings.Join(addrs, ","),
				"compression: none", "balance: {policy: "+policy+", ejection: {base_time: 1s}}"), "otlp"))
			l := sendThrough(t, s, gentle, []client.Target{{Protocol: signal.GRPC}})
			wantTraces(t, behind)
			proxies[0].Refuse()
			proxies[0].Cut()
			wantTraces(t, behind[1:])
			wait.For(t, arrivalLimit, "the dead one to be left out", func() bool { return s.discovery(t).By["ejected"] == 1 })
			if err := proxies[0].Accept(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantTraces(t, behind[:1])
			l.finish()
			l.wantAllAcked(t)
			l.wantNothingMissing(t, behind...)
			if n := s.status(t).Exporters[0].Retries; n > 0 {
				t.Errorf("%d attempts failed as a whole", n)
			}
			wantCleanExit(t, s)
		})
	}
}

// wantTraces waits until each of the sinks has got more spans: with consistent_hash, only traces go to all of them.
func wantTraces(t *testing.T, behind []*sink.Sink) {
	t.Helper()
	for _, b := range behind {
		b.WaitItems(t, signal.Traces, b.Items(signal.Traces)+5*itemsPerRequest, arrivalLimit)
	}
}

// Spans of a trace arrive at one backend, and every item arrives once.
func TestTracesStayTogether(t *testing.T) {
	t.Parallel()
	behind := sinks(t, 4)
	var addrs []string
	for _, b := range behind {
		addrs = append(addrs, b.GRPC())
	}
	s := serve(t, forwarding(exporter("otlp", "static://"+strings.Join(addrs, ","), "balance: {policy: consistent_hash}"), "otlp"))
	l := sendThrough(t, s, gentle, []client.Target{{Protocol: signal.GRPC}, {Protocol: signal.HTTPJSON}})
	for _, b := range behind {
		b.WaitItems(t, signal.Traces, 200, arrivalLimit)
	}
	l.finish()
	l.wantAllAcked(t)
	l.wantOnce(t, behind...)
	owner := map[string]int{}
	for i, b := range behind {
		for _, m := range b.Messages(signal.Traces) {
			for id := range traceIDs(m.(*coltrace.ExportTraceServiceRequest)) { //nolint:forcetypeassert // of traces
				if other, known := owner[id]; known && other != i {
					t.Fatalf("trace %x is at two backends", id)
				}
				owner[id] = i
			}
		}
	}
	wantCleanExit(t, s)
}

func traceIDs(m *coltrace.ExportTraceServiceRequest) map[string]bool {
	ids := map[string]bool{}
	for _, rs := range m.GetResourceSpans() {
		for _, ss := range rs.GetScopeSpans() {
			for _, span := range ss.GetSpans() {
				ids[string(span.GetTraceId())] = true
			}
		}
	}
	return ids
}

// From two instances in Consul to ten and back to two, each gets its share, and nothing is lost, with the agent away for a
// while too.
func TestServiceScales(t *testing.T) {
	const service = "balance-scales"
	a := consul.Own(t, consul.Options{})
	behind := sinks(t, 10)
	come := func(from, to int) {
		for i := from; i < to; i++ {
			register(t, a, serviceOf(t, service, i, behind[i]))
		}
	}
	come(0, 2)
	s := serve(t, forwarding(exporter("otlp", "consul://"+a.Addr()+"/"+service, "compression: none"), "otlp"))
	l := sendThrough(t, s, gentle, []client.Target{{Protocol: signal.GRPC}})
	s.waitInstances(t, 2)
	wantShares(t, behind[:2])
	come(2, 10)
	s.waitInstances(t, 10)
	wantShares(t, behind)
	if err := a.Halt(); err != nil {
		t.Fatal(err)
	}
	wait.For(t, arrivalLimit, "the agent to be missed", func() bool { return s.discovery(t).Stale })
	wantShares(t, behind)
	if err := a.Resume(t.Context()); err != nil { // it has forgotten all of them
		t.Fatal(err)
	}
	come(0, 2)
	s.waitInstances(t, 2)
	wantShares(t, behind[:2])
	l.finish()
	l.wantAllAcked(t)
	l.wantOnce(t, behind...)
	wantCleanExit(t, s)
}

func serviceOf(t *testing.T, name string, i int, b *sink.Sink) consul.Service {
	t.Helper()
	host, text, err := net.SplitHostPort(b.GRPC())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return consul.Service{ID: fmt.Sprintf("%s-%d", name, i), Name: name, Address: host, Port: port}
}

// waitInstances waits until so many instances are known and have warmed up.
func (s *server) waitInstances(t *testing.T, n int) {
	t.Helper()
	wait.For(t, arrivalLimit, fmt.Sprintf("%d instances", n), func() bool {
		d := s.discovery(t)
		return d.Known == n && d.By["ready"] == n
	})
}

// wantShares checks that each of the sinks gets the same share of the next requests, but for a tenth.
func wantShares(t *testing.T, behind []*sink.Sink) {
	t.Helper()
	const each = 100 // so that those under way when it is counted decide nothing
	before := make([]int, len(behind))
	for i, b := range behind {
		before[i] = len(b.Accepted())
	}
	total := 0
	got := make([]int, len(behind))
	wait.For(t, arrivalLimit, "requests", func() bool {
		total = 0
		for i, b := range behind {
			got[i] = len(b.Accepted()) - before[i]
			total += got[i]
		}
		return total >= each*len(behind)
	})
	share := float64(total) / float64(len(behind))
	for i, n := range got {
		if float64(n) < share*0.9 || float64(n) > share*1.1 {
			t.Errorf("backend %d of %d got %d requests, its share is %.0f", i, len(behind), n, share)
		}
	}
}
