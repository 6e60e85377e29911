package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	registries "github.com/otlpctl/otlpctl/pkg/discovery"
	"github.com/otlpctl/otlpctl/pkg/discovery/grpcresolver"

	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// registration is what /status says of a registry.
type registration struct {
	ID         string `json:"id"`
	Advertised string `json:"advertised"`
	Registered bool   `json:"registered"`
	Error      string `json:"error"`
	Failures   int64  `json:"failures"`
}

// verdict are settings of an exporter whose clients wait for the backend's answer, and which tries again soon.
func verdict() []string {
	return []string{"compression: none", "sending_queue: {enabled: false}", "retry_on_failure: {initial_interval: 100ms}"}
}

// announced is a receiver that registers itself, with a backend of its own.
type announced struct {
	*server

	behind *sink.Sink
}

// announce starts a receiver with the section discovery, whose clients wait for the backend's answer. It need not be registered
// yet.
func announce(t *testing.T, section string) *announced {
	t.Helper()
	behind := sink.Run(t)
	return &announced{serve(t, announcing(behind, section)), behind}
}

// announcing is the configuration of such a receiver, without the admin port.
func announcing(behind *sink.Sink, section string) string {
	return forwarding(exporter("otlp", behind.GRPC(), verdict()...), "otlp") + "discovery: " + section + "\n"
}

// inConsul is a section that registers with an agent, which looks every second. All clients are on this machine.
func inConsul(a *consul.Agent, service string, settings ...string) string {
	return fmt.Sprintf("{consul: {%s}}", strings.Join(append([]string{
		"address: " + `"` + a.Addr() + `"`, "name: " + service, "advertise_address: 127.0.0.1", "check: {interval: 1s}",
	}, settings...), ", "))
}

// registration is that in the only registry.
func (s *server) registration(t *testing.T) registration {
	t.Helper()
	all := s.status(t).Registrations
	if len(all) != 1 {
		t.Fatalf("the registrations are %+v, want one", all)
	}
	return all[0]
}

// waitRegistered waits until the only registry knows the receiver, and returns its ID there.
func (s *server) waitRegistered(t *testing.T) (id string) {
	t.Helper()
	wait.For(t, discoveryLimit, "the registration", func() bool { return s.registration(t).Registered })
	return s.registration(t).ID
}

// waitUnregistered waits until it is known that the only registry does not know the receiver, for that reason.
func (s *server) waitUnregistered(t *testing.T, why string) {
	t.Helper()
	wait.For(t, discoveryLimit, "no registration: "+why, func() bool {
		r := s.registration(t)
		return !r.Registered && strings.Contains(r.Error, why) && r.Failures > 0
	})
}

// fleet are receivers that are one service, and two kinds of clients that find them by its name: another receiver, which has
// clients of its own, and one of gRPC.
type fleet struct {
	t       *testing.T
	agent   *consul.Agent
	service string
	members []*announced // that are there
	sinks   []*sink.Sink // of those that are there or were

	gateway *server
	direct  *client.Retrying
	through *loads // by way of the gateway, whose clients try once
	past    *loads // by direct
}

func newFleet(t *testing.T, service string, size int) *fleet {
	t.Helper()
	f := &fleet{t: t, agent: consul.Own(t, consul.Options{}), service: service}
	f.grow(size)
	return f
}

// grow starts receivers.
func (f *fleet) grow(by int) {
	f.t.Helper()
	for range by {
		m := announce(f.t, inConsul(f.agent, f.service))
		f.members, f.sinks = append(f.members, m), append(f.sinks, m.behind)
	}
}

// flow starts the clients, and waits until each receiver gets its share.
func (f *fleet) flow() {
	f.t.Helper()
	url := "consul://" + f.agent.Addr() + "/" + f.service
	f.gateway = serve(f.t, forwarding(exporter("otlp", url+"?tag=grpc", verdict()...), "otlp"))
	c, err := client.Dial(client.Target{
		Protocol: signal.GRPC, Addr: url, Resolve: grpcresolver.Builder("consul", registries.Registries{}.Open),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = c.Close() })
	f.direct = &client.Retrying{Client: c, Attempt: arrivalLimit}
	f.gateway.waitInstances(f.t, len(f.members))
	f.through = sendThrough(f.t, f.gateway, gentle, []client.Target{{Protocol: signal.GRPC}, {Protocol: signal.HTTPProtobuf}})
	past := gentle
	past.timeout, past.after = arrivalLimit, 1<<40
	f.past = sendBy(f.t, past, func() []client.Client { return []client.Client{f.direct} })
	wantShares(f.t, f.there())
}

// there are the backends of those that are there.
func (f *fleet) there() []*sink.Sink {
	var all []*sink.Sink
	for _, m := range f.members {
		all = append(all, m.behind)
	}
	return all
}

// take takes a receiver out of those that are expected to be there.
func (f *fleet) take() *announced {
	m := f.members[0]
	f.members = f.members[1:]
	return m
}

// flows waits until each of those that are there gets more of every signal.
func (f *fleet) flows(limit time.Duration) {
	f.t.Helper()
	for _, b := range f.there() {
		for _, sig := range signal.All() {
			b.WaitItems(f.t, sig, b.Items(sig)+5*itemsPerRequest, limit)
		}
	}
}

// waitPassing waits until the checks of exactly those pass that are there.
func (f *fleet) waitPassing() {
	f.t.Helper()
	began := time.Now()
	wait.For(f.t, discoveryLimit, "the checks", func() bool {
		passing := map[string]bool{}
		for _, e := range f.entries() {
			if e.Status() == "passing" {
				passing[e.Service.ID] = true
			}
		}
		for _, m := range f.members {
			if !passing[m.registration(f.t).ID] {
				return false
			}
		}
		return len(passing) == len(f.members)
	})
	f.t.Logf("the registry knows after %s: %d are well", time.Since(began).Round(time.Millisecond), len(f.members))
}

// entries are those of the registry.
func (f *fleet) entries() []consul.Entry {
	f.t.Helper()
	all, err := f.agent.Entries(f.t.Context(), f.service)
	if err != nil {
		f.t.Fatal(err)
	}
	return all
}

// retire stops receivers as whoever operates them does, and checks that the registry has forgotten them and that their books
// balance. Nobody has sent them anything when they stop, so that no client tries again.
func (f *fleet) retire(n int) {
	f.t.Helper()
	before, _ := f.direct.Failed()
	var leaving []*announced
	gone := map[string]bool{}
	for range n {
		m := f.take()
		leaving, gone[m.registration(f.t).ID] = append(leaving, m), true
	}
	for _, m := range leaving {
		if err := m.Signal(syscall.SIGTERM); err != nil {
			f.t.Fatal(err)
		}
	}
	for _, m := range leaving {
		if code, err := m.Wait(f.t.Context()); code != 0 || err != nil {
			f.t.Errorf("exit %d, %v, want 0", code, err)
		}
		m.wantBooks(f.t)
	}
	for _, e := range f.entries() {
		if gone[e.Service.ID] {
			f.t.Errorf("the registry still has %s", e.Service.ID)
		}
	}
	if after, _ := f.direct.Failed(); after != before {
		f.t.Errorf("clients of gRPC had to try %d requests again", after-before)
	}
}

// wantBooks holds the receipt against what has arrived.
func (m *announced) wantBooks(t *testing.T) {
	t.Helper()
	for _, a := range receiptOf(t, m.server) {
		if want := int64(m.behind.Items(a.signal)); a.exported != want || a.accepted != want || a.unexplained() != 0 {
			t.Errorf("receipt %+v, but %d items arrived", a, want)
		}
	}
}

// finish ends the telemetry and all processes: no client has seen an error, all that was acknowledged has arrived, and the
// books balance.
func (f *fleet) finish() {
	f.t.Helper()
	for _, l := range []*loads{f.through, f.past} {
		l.finish()
		l.wantAllAcked(f.t)
	}
	f.through.wantNothingMissing(f.t, f.sinks...)
	f.past.wantNothingMissing(f.t, f.sinks...)
	wantCleanExit(f.t, f.gateway)
	for _, a := range receiptOf(f.t, f.gateway) {
		if acked := int64(len(f.through.each[a.signal].Acked())); a.accepted != acked || a.exported != acked || a.unexplained() != 0 {
			f.t.Errorf("receipt of the gateway %+v, but %d items were acknowledged", a, acked)
		}
	}
	f.retire(len(f.members))
}

// kill ends a receiver as a crash does.
func (m *announced) kill(t *testing.T) {
	t.Helper()
	if err := m.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}
