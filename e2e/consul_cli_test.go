package e2e_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// consulCommand runs otlpctl consul with an agent.
func consulCommand(t *testing.T, a *consul.Agent, args ...string) outcome {
	t.Helper()
	return run(t, process.Spec{Name: "consul", Path: otlpctl(t), Args: append([]string{"consul"}, args...), Env: []string{"CONSUL_HTTP_ADDR=" + a.Addr()}})
}

// wantConsul runs it with a result.
func wantConsul(t *testing.T, a *consul.Agent, code int, stdout, stderr string, args ...string) {
	t.Helper()
	got := consulCommand(t, a, args...)
	if got.code != code || got.stdout != stdout || !strings.Contains(got.stderr, stderr) {
		t.Errorf("consul %s: exit %d, %q, %q; want %d, %q, %q", strings.Join(args, " "), got.code, got.stdout, got.stderr, code, stdout, stderr)
	}
}

// nodeOf returns the name of the agent's node.
func nodeOf(t *testing.T, a *consul.Agent) string {
	t.Helper()
	var self struct{ Config struct{ NodeName string } }
	if err := a.Ask(t.Context(), http.MethodGet, "/v1/agent/self", nil, &self); err != nil {
		t.Fatal(err)
	}
	return self.Config.NodeName
}

// lost puts what an agent has left behind that is gone into the catalog.
func lost(t *testing.T, a *consul.Agent, node string, s consul.Service) {
	t.Helper()
	check := map[string]any{"Node": node, "CheckID": "serfHealth", "Name": "Serf Health Status", "Status": "critical"}
	body := map[string]any{"Node": node, "Address": "10.255.0.9", "SkipNodeUpdate": false, "Check": check, "Service": map[string]any{
		"ID": s.ID, "Service": s.Name, "Address": s.Address, "Port": s.Port, "Tags": s.Tags, "Meta": s.Meta,
	}}
	if err := a.Ask(t.Context(), http.MethodPut, "/v1/catalog/register", body, nil); err != nil {
		t.Fatal(err)
	}
}

func TestConsulByHand(t *testing.T) {
	a := consul.Own(t, consul.Options{})
	const name = "by-hand"
	args := []string{"register", "--name", name, "--id", "h-1", "--address", "10.0.0.1", "--port", "4317", "--tag", "otlp", "--meta", "zone=x", "--check-ttl", "10m"}
	wantConsul(t, a, 0, "registered\th-1\tby-hand\t10.0.0.1:4317\n", "", args...)
	wantConsul(t, a, 0, "replaced\th-1\tby-hand\t10.0.0.1:4317\n", "", args...)
	if err := a.Pass(t.Context(), "h-1"); err != nil {
		t.Fatal(err)
	}
	wantConsul(t, a, 0, "by-hand\t1\t1\t0\t0\t0\totlp\nconsul\t1\t1\t0\t0\t0\t\n", "", "services")
	wantConsul(t, a, 0, "on\th-1\tnew disk\n", "", "maintenance", "on", "h-1", "--reason", "new disk")
	got := consulCommand(t, a, "show", name)
	if !strings.HasPrefix(got.stdout, "h-1\tmaintenance\t10.0.0.1:4317\t"+nodeOf(t, a)+"\tx\t") || !strings.Contains(got.stdout, "_service_maintenance:h-1 is critical") {
		t.Errorf("show: exit %d, %q, %q", got.code, got.stdout, got.stderr)
	}
	wantConsul(t, a, 0, "off\th-1\t\n", "", "maintenance", "off", "h-1")
	wantConsul(t, a, 2, "", "nobody is there to confirm: --yes says that it is meant", "deregister", "h-1")
	wantConsul(t, a, 1, "", `has no registration "h-2"`, "deregister", "--yes", "h-1", "h-2")
	wantConsul(t, a, 1, "", "lives: it would register again", "deregister", "--yes", "--node", nodeOf(t, a), "h-1")
	wantConsul(t, a, 0, "deregistered\th-1\tby-hand\t10.0.0.1:4317\n", "", "deregister", "--yes", "h-1")
	wantConsul(t, a, 1, "", "error: by-hand: no instances\nhint: otlpctl consul services", "show", name)

	lost(t, a, "lost", consul.Service{ID: "h-9", Name: name, Address: "10.0.0.9", Port: 4317})
	wantConsul(t, a, 1, "", `has no registration "h-9"`, "deregister", "--yes", "h-9")
	wantConsul(t, a, 0, "deregistered\th-9\tby-hand\t10.0.0.9:4317\n", "", "deregister", "--yes", "--node", "lost", "h-9")
}

func TestConsulToken(t *testing.T) {
	const token = "3fd33c28-4a7b-4e3c-8f3e-0d1f0d4e2c12"
	a := consul.Own(t, consul.Options{Token: token})
	register(t, a, instance("token", "t-1", "x", 1))
	f := func(code int, stderr string, env []string, args ...string) {
		t.Helper()
		got := run(t, process.Spec{Name: "consul", Path: otlpctl(t), Args: append([]string{"consul"}, args...), Env: append(env, "CONSUL_HTTP_ADDR="+a.Addr())})
		if got.code != code || (code != 0) != (got.stdout == "") || !strings.Contains(got.stderr, stderr) || strings.Contains(got.stdout+got.stderr, token) {
			t.Errorf("consul %s: exit %d, %q, %q; want %d and %q", strings.Join(args, " "), got.code, got.stdout, got.stderr, code, stderr)
		}
	}
	with := []string{"CONSUL_HTTP_TOKEN=" + token}
	const hint = "hint: CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE has the token; it takes "
	f(1, hint+"service:read and node:read", nil, "services")
	f(1, hint+"service:read and node:read", nil, "show", "token")
	f(1, hint, nil, "register", "--name", "token", "--port", "1")
	f(1, hint+"node:write", nil, "maintenance", "on")
	f(0, "", with, "services")
	f(0, "", with, "show", "token")
	f(0, "", with, "maintenance", "on", "t-1")
	file := t.TempDir() + "/token"
	replace(t, file, token+"\n")
	f(0, "", nil, "show", "token", "--token-file", file)
	replace(t, file, "\n")
	f(2, "is empty", with, "show", "token", "--token-file", file)
}

func TestConsulWatch(t *testing.T) {
	const name = "watched-by-hand"
	a := consul.Own(t, consul.Options{})
	env := []string{"CONSUL_HTTP_ADDR=" + a.Addr()}
	begin := func(args ...string) *resolving {
		p := process.Run(t, process.Spec{Name: "watch", Path: otlpctl(t), Args: append([]string{"consul", "watch"}, args...), Env: env})
		return &resolving{p, t}
	}
	one, all := begin(name, "-o", "json"), begin()
	one.waitSaid("note: " + name + " has no instances")
	s := instance(name, "w-1", "x", 1)
	s.Check = &consul.Check{TTL: "10m", Status: "critical"}
	register(t, a, s)
	one.wait("w-1=10.0.0.1:1")
	all.waitTold("\t+\t" + name + "\t1\t0\t0\t1\t0\tgrpc,v1\n")
	if err := a.Pass(t.Context(), "w-1"); err != nil {
		t.Fatal(err)
	}
	one.waitTold(`"was": "critical"`)
	all.waitTold("\t~\t" + name + "\t1\t1\t0\t0\t0\tgrpc,v1\n")
	if err := a.Halt(); err != nil {
		t.Fatal(err)
	}
	one.waitSaid("warning: consul " + a.Addr() + " cannot be reached")
	all.waitSaid("hint: is the agent running? CONSUL_HTTP_ADDR or --http-addr says where")
	if err := a.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	one.waitSaid("note: the agent answers again")
	one.wait("")
	all.waitTold("\t-\t" + name + "\t")
	one.interrupt()
	all.interrupt()
}

// waitTold waits for a text in the result.
func (r *resolving) waitTold(want string) {
	r.t.Helper()
	wait.For(r.t, discoveryLimit, want, func() bool {
		text, err := os.ReadFile(r.StdoutPath())
		return err == nil && strings.Contains(string(text), want)
	})
}

// doctored is what consul doctor tells in JSON, as far as the tests look at it.
type doctored struct {
	Findings []struct{ Severity, Kind, ID, What, Next string }
	Removed  []struct {
		ID   string
		Done bool
		Why  string
	}
}

func (d doctored) found() string {
	var all []string
	for _, f := range d.Findings {
		all = append(all, fmt.Sprintf("%s %s %s", f.Severity, f.Kind, f.ID))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func doctor(t *testing.T, a *consul.Agent, code int, args ...string) doctored {
	t.Helper()
	got := consulCommand(t, a, append([]string{"doctor", "-o", "json"}, args...)...)
	var d doctored
	if err := json.Unmarshal([]byte(got.stdout), &d); err != nil || got.code != code {
		t.Fatalf("exit %d, want %d; %v\n%s%s", got.code, code, err, got.stdout, got.stderr)
	}
	return d
}

// nowhere is a name that no machine has.
const nowhere = "lost.invalid"

const doctorConfig = `receivers: {otlp: {protocols: {grpc: {endpoint: $GRPC}, http: {endpoint: $HTTP}}}}
exporters: {debug: {verbosity: basic}}
service: {pipelines: {traces: {receivers: [otlp], exporters: [debug]}}}
`

// registering is doctorConfig for a receiver that registers itself.
func registering(a *consul.Agent, id string) string {
	return doctorConfig + fmt.Sprintf("discovery: {consul: {address: %q, advertise_address: 127.0.0.1, id: %q, check: {interval: 1s}}}\n", a.Addr(), id)
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// Every kind of fault is planted beside receivers that are well, and found. --fix removes the zombies and nothing else.
func TestConsulDoctor(t *testing.T) {
	const name = "otlp-receiver"
	a := consul.Own(t, consul.Options{})
	wantConsul(t, a, 1, "", "no service has the tag otlp", "doctor")
	first := serve(t, registering(a, "well-1"))
	second := serve(t, registering(a, "well-2"))
	killed := serve(t, registering(a, "killed"))
	alone := serve(t, doctorConfig)
	free, err := loopback.Addrs(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	wait.For(t, discoveryLimit, "three registrations", func() bool {
		return strings.Count(consulCommand(t, a, "show", name).stdout, "\tpassing\t") == 3
	})
	// Loopback addresses are noted in each run: all is on one machine here.
	const wellOnes = "note wrong_address well-1\nnote wrong_address well-2"
	if got := doctor(t, a, 0).found(); got != "note wrong_address killed\n"+wellOnes {
		t.Fatalf("of receivers that are well is found:\n%s", got)
	}

	plant := func(id string, addr string, change func(*consul.Service)) {
		s := consul.Service{ID: id, Name: name, Address: "127.0.0.1", Port: portOf(t, addr), Tags: []string{"otlp", "grpc"}}
		change(&s)
		register(t, a, s)
	}
	passing := &consul.Check{TTL: "10m", Status: "passing"}
	plant("failing", free[0], func(s *consul.Service) { s.Check = &consul.Check{TTL: "10m", Status: "critical"} })
	plant("unreachable", free[1], func(s *consul.Service) { s.Check = passing })
	plant("protocol", alone.http, func(*consul.Service) {})
	plant("admin", alone.admin, func(*consul.Service) {})
	plant("registry", a.Addr(), func(s *consul.Service) { s.Tags = []string{"otlp", "http"} })
	plant("wrong-check", alone.grpc, func(s *consul.Service) { s.Check = &consul.Check{TTL: "10m", Status: "critical"} })
	plant("left-behind", first.grpc, func(s *consul.Service) {
		s.Check, s.Meta = passing, map[string]string{"metrics_port": strconv.Itoa(portOf(t, first.admin))}
	})
	plant("twice", second.grpc, func(s *consul.Service) { s.Check = passing })
	plant("old", alone.http, func(s *consul.Service) {
		s.Tags = []string{"otlp", "http"}
		s.Meta = map[string]string{"version": "0.0.1", "config_hash": "none", "metrics_port": strconv.Itoa(portOf(t, alone.admin))}
	})
	lost(t, a, "lost", consul.Service{ID: "loopback", Name: name, Address: "127.0.0.1", Port: portOf(t, first.grpc), Tags: []string{"otlp"}})
	lost(t, a, "lost", consul.Service{ID: "lost", Name: name, Address: nowhere, Port: 4317, Tags: []string{"otlp"}})
	lost(t, a, "lost", consul.Service{ID: "well-2", Name: name, Address: "127.0.0.1", Port: portOf(t, free[2]), Tags: []string{"otlp"}})
	if err := killed.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait.For(t, discoveryLimit, "a check that notices", func() bool {
		return strings.Contains(consulCommand(t, a, "show", name).stdout, "killed\tcritical\t")
	})
	d := doctor(t, a, 4)
	for _, want := range []string{
		"error zombie failing", "error zombie killed", "error zombie left-behind", "error zombie lost", "error unreachable unreachable",
		"error wrong_address loopback", "error wrong_address well-2", "error wrong_port protocol", "error wrong_port admin", "error wrong_port registry",
		"warning check_fails wrong-check", "warning duplicate_address well-2", "warning duplicate_id well-2", "warning stale_version old", "warning stale_config old",
	} {
		if !strings.Contains("\n"+d.found()+"\n", "\n"+want+"\n") {
			t.Errorf("not found: %s", want)
		}
	}
	t.Logf("found:\n%s", d.found())

	wantConsul(t, a, 2, "", "nobody is there to confirm", "doctor", "--fix")
	d = doctor(t, a, 4, "--fix", "--yes")
	var removed []string
	for _, r := range d.Removed {
		if !r.Done {
			t.Errorf("%s is kept: %s", r.ID, r.Why)
		}
		removed = append(removed, r.ID)
	}
	if got := strings.Join(removed, " "); got != "failing killed left-behind lost" {
		t.Errorf("removed %q, want the zombies", got)
	}
	if got := doctor(t, a, 4).found(); strings.Contains(got, "zombie") || !strings.Contains(got, "unreachable unreachable") {
		t.Errorf("after --fix is found:\n%s", got)
	}
	there := consulCommand(t, a, "show", name).stdout
	for _, id := range []string{"well-1", "well-2", "unreachable", "loopback", "protocol", "admin", "registry", "wrong-check", "twice", "old"} {
		if !strings.Contains("\n"+there, "\n"+id+"\t") {
			t.Errorf("--fix has removed %s", id)
		}
	}
}
