package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/certs"
	"github.com/otlpctl/otlpctl/e2e/harness/client"
	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
	"github.com/otlpctl/otlpctl/e2e/harness/sink"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// waitEntry waits until the agent has exactly one entry of a service, which is as it should be.
func waitEntry(t *testing.T, a *consul.Agent, service, what string, as func(consul.Entry) bool) consul.Entry {
	t.Helper()
	var last []consul.Entry
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("entries of %s: %+v", service, last)
		}
	})
	wait.For(t, discoveryLimit, service+": "+what, func() bool {
		var err error
		if last, err = a.Entries(t.Context(), service); err != nil {
			t.Fatal(err)
		}
		return len(last) == 1 && as(last[0])
	})
	return last[0]
}

// waitNoEntry waits until the agent has none of a service.
func waitNoEntry(t *testing.T, a *consul.Agent, service string) {
	t.Helper()
	wait.For(t, discoveryLimit, "no entry of "+service, func() bool {
		all, err := a.Entries(t.Context(), service)
		if err != nil {
			t.Fatal(err)
		}
		return len(all) == 0
	})
}

// Consul itself finds a receiver well by each kind of check, and finds out when it has died.
func TestConsulChecks(t *testing.T) {
	a := consul.Need(t)
	cert, key, _ := certs.New(t).Issue(t)
	secured := fmt.Sprintf("$GRPC\n        tls: {cert_pem: %q, key_pem: %q}", cert, key)
	f := func(name, check, listen, says string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := "check-" + name
			behind := sink.Run(t)
			config := announcing(behind, inConsul(a, service, "zone: a", "tags: [blue]", "meta: {rack: '7'}"))
			config = strings.Replace(config, "check: {interval: 1s}", "check: {"+check+"}", 1)
			config = strings.Replace(config, "$GRPC", listen, 1)
			m := &announced{serve(t, config), behind}
			id := m.waitRegistered(t)
			wait.For(t, discoveryLimit, "a check", func() bool {
				output, err := a.Output(t.Context(), id)
				return err == nil && strings.Contains(output, says)
			})
			wantEntry(t, waitEntry(t, a, service, "the check to pass", func(e consul.Entry) bool { return e.Status() == "passing" }), m, id)
			m.kill(t)
			waitEntry(t, a, service, "the check to fail", func(e consul.Entry) bool { return e.Status() == "critical" })
			if err := a.Deregister(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		})
	}
	f("http", "interval: 1s", "$GRPC", "200 OK")
	f("grpc", "type: grpc, interval: 1s", "$GRPC", "success")
	f("grpc-tls", "type: grpc, interval: 1s, tls_skip_verify: true", secured, "success")
	f("ttl", "type: ttl, ttl: 3s", "$GRPC", "takes telemetry")
}

// wantEntry holds what Consul tells clients against the receiver.
func wantEntry(t *testing.T, e consul.Entry, m *announced, id string) {
	t.Helper()
	_, grpcPort, _ := strings.Cut(m.grpc, ":")
	_, httpPort, _ := strings.Cut(m.http, ":")
	_, adminPort, _ := strings.Cut(m.admin, ":")
	got := e.Service
	want := map[string]string{
		"zone": "a", "rack": "7", "grpc_port": grpcPort, "http_port": httpPort, "metrics_port": adminPort, "config_hash": m.status(t).Config.Hash,
	}
	for name, value := range want {
		if got.Meta[name] != value {
			t.Errorf("the metadata %s is %q, want %q", name, got.Meta[name], value)
		}
	}
	for _, tag := range []string{"grpc", "otlp", "blue", got.Meta["version"]} {
		if !slices.Contains(got.Tags, tag) {
			t.Errorf("the tag %q is not among %q", tag, got.Tags)
		}
	}
	if got.ID != id || !strings.HasPrefix(id, got.Name+"-") {
		t.Errorf("the ID is %s, and %s on /status", got.ID, id)
	}
	if advertised := m.registration(t).Advertised; advertised != m.grpc {
		t.Errorf("it is told to be at %s, but is at %s", advertised, m.grpc)
	}
}

// An agent that knows no such token, or whose token may not register: the receiver works, and says what it needs. The token is
// read again, so that the right one needs no restart, and shows nowhere.
func TestConsulTokenRefused(t *testing.T) {
	const service, management, unknown = "token", "3fd33c28-4a7b-4e3c-8f3e-0d1f0d4e2c11", "00000000-1111-2222-3333-444444444444"
	a := consul.Own(t, consul.Options{Token: management})
	grant := func(rules string) string {
		t.Helper()
		secret, err := a.Grant(t.Context(), rules)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	other := grant(`service "other" { policy = "write" }`)
	right := grant(`service "` + service + `" { policy = "write" }`)
	file := filepath.Join(t.TempDir(), "token")
	replace(t, file, unknown)
	m := announce(t, inConsul(a, service, "token_file: "+file))
	const refused = `refuses the token: it needs the policy service:write for "` + service + `" (discovery.consul.token)`
	m.waitUnregistered(t, refused)
	failed := m.registration(t).Failures
	replace(t, file, other)
	wait.For(t, discoveryLimit, "another attempt", func() bool { return m.registration(t).Failures > failed })
	m.waitUnregistered(t, refused)
	m.wantWork(t)
	replace(t, file, right+"\n")
	m.waitRegistered(t)
	waitEntry(t, a, service, "the entry", func(consul.Entry) bool { return true })
	wantCleanExit(t, m.server)
	waitNoEntry(t, a, service)
	text, err := os.ReadFile(m.StderrPath())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{unknown, other, right} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the log has the token %s", secret)
		}
	}
}

// wantWork sends telemetry, which arrives.
func (m *announced) wantWork(t *testing.T) {
	t.Helper()
	l := sendThrough(t, m.server, gentle, []client.Target{{Protocol: signal.GRPC}})
	flowing(t, m.behind)
	l.finish()
	l.wantAllAcked(t)
	l.wantNothingMissing(t, m.behind)
}

// A registry that is away when a receiver starts, and again when it stops, holds nothing up.
func TestRegistryIsAwayFromTheStart(t *testing.T) {
	const service = "away"
	a := consul.Own(t, consul.Options{})
	if err := a.Halt(); err != nil {
		t.Fatal(err)
	}
	m := announce(t, inConsul(a, service))
	m.waitUnregistered(t, "consul at http://"+a.Addr()+" cannot be reached")
	m.wantWork(t)
	if registered, failed := m.metric(t, `otlpctl_registered{registry="consul"}`), m.metric(t, `otlpctl_registry_failed_requests_total{registry="consul"}`); registered != 0 || failed == 0 {
		t.Errorf("the metrics are %v and %v", registered, failed)
	}
	if err := a.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.waitRegistered(t)
	if got := m.metric(t, `otlpctl_registered{registry="consul"}`); got != 1 {
		t.Errorf("otlpctl_registered is %v", got)
	}
	if err := a.Halt(); err != nil {
		t.Fatal(err)
	}
	m.waitUnregistered(t, "cannot be reached")
	began := time.Now()
	wantCleanExit(t, m.server)
	t.Logf("it stopped %s after the signal", time.Since(began).Round(time.Millisecond))
	if m.countLogged(t, "not registered: it is tried again and again") != 2 || m.countLogged(t, "not deregistered: the registry forgets the receiver by itself") != 1 {
		t.Error("the log does not say what has become of the registration")
	}
}

// A receiver that is told to stop is gone from the registry while it still takes requests.
func TestReceiverLeavesBeforeItStops(t *testing.T) {
	t.Parallel()
	const service = "leaves"
	a := consul.Need(t)
	m := announce(t, strings.TrimSuffix(inConsul(a, service), "}")+", propagation_delay: 10s}")
	id := m.waitRegistered(t)
	if err := m.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitNoEntry(t, a, service)
	wait.For(t, discoveryLimit, "the receiver to know", func() bool { return !m.registration(t).Registered })
	if r := m.registration(t); r.ID != id {
		t.Errorf("the registration is %+v, was %s", r, id)
	}
	m.wantWork(t)
	if code, err := m.Wait(t.Context()); code != 0 || err != nil {
		t.Errorf("exit %d, %v, want 0", code, err)
	}
	m.wantBooks(t)
}

// A registry that takes connections and says nothing holds up no end.
func TestRegistryHangs(t *testing.T) {
	const service = "hangs"
	a := consul.Need(t)
	p := proxy(t, a.Addr())
	m := announce(t, strings.Replace(inConsul(a, service), a.Addr(), p.Addr(), 1))
	id := m.waitRegistered(t)
	p.Pause()
	m.wantWork(t)
	wantCleanExit(t, m.server)
	if m.countLogged(t, "not deregistered: the registry forgets the receiver by itself") != 1 {
		t.Error("the log does not say what has become of the registration")
	}
	if err := a.Deregister(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

// Another section discovery moves the registration, without a gap where it is the same entry, and costs no request.
func TestRegistrationFollowsTheConfiguration(t *testing.T) {
	a := consul.Need(t)
	behind := sink.Run(t)
	config := func(section string) string { return announcing(behind, section) + adminSection + "  reload: true\n" }
	s := start(t, "otlpctl", otlpctl(t), []string{"serve", "--config"}, config(inConsul(a, "moves-one")))
	s.waitReady(t)
	m := &announced{s, behind}
	l := sendThrough(t, m.server, gentle, []client.Target{{Protocol: signal.GRPC}, {Protocol: signal.HTTPProtobuf}})
	id := m.waitRegistered(t)
	reload := func(code int, section string) (answer string) {
		t.Helper()
		replace(t, m.file, m.addressed(config(section)))
		got, answer := m.postReload(t)
		if got != code {
			t.Fatalf("the reload is answered with %d, want %d: %s", got, code, answer)
		}
		return answer
	}
	asNow := func(e consul.Entry) bool { return e.Service.Meta["config_hash"] == m.status(t).Config.Hash }

	// The same entry is changed, and never gone.
	reload(http.StatusOK, inConsul(a, "moves-one", "tags: [blue]"))
	e := waitEntry(t, a, "moves-one", "the tag", func(e consul.Entry) bool { return slices.Contains(e.Service.Tags, "blue") && asNow(e) })
	if e.Service.ID != id || m.countLogged(t, "deregistered") > 0 {
		t.Errorf("the entry %s has become %s", id, e.Service.ID)
	}
	// Whoever takes it out by hand sees it again.
	if err := a.Deregister(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	waitEntry(t, a, "moves-one", "the entry again", asNow)
	// Another name is another entry.
	reload(http.StatusOK, inConsul(a, "moves-two"))
	waitEntry(t, a, "moves-two", "the entry", asNow)
	waitNoEntry(t, a, "moves-one")
	// A mistake changes nothing.
	if answer := reload(http.StatusUnprocessableEntity, inConsul(a, "moves-three", "id: a/b")); !strings.Contains(answer, m.file) || !strings.Contains(answer, "discovery.consul.id") {
		t.Errorf("the mistake is said to be %s", answer)
	}
	waitEntry(t, a, "moves-two", "the entry still", asNow)
	reload(http.StatusOK, "{}")
	waitNoEntry(t, a, "moves-two")
	if all := m.status(t).Registrations; len(all) != 0 {
		t.Errorf("the registrations are %+v", all)
	}
	flowing(t, behind)
	l.finish()
	l.wantAllAcked(t)
	l.wantOnce(t, behind)
	wantCleanExit(t, m.server)
	m.wantBooks(t)
}
