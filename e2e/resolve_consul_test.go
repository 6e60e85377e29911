package e2e_test

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/consul"
	"github.com/otlpctl/otlpctl/e2e/harness/fault"
)

// instance is one that needs no check: it is there as long as it is registered. Its ID is one of the agent's, not of the service.
func instance(service, id, zone string, port int) consul.Service {
	return consul.Service{
		ID: id, Name: service, Address: "10.0.0.1", Port: port, Tags: []string{"grpc", "v1"}, Meta: map[string]string{"zone": zone, "version": "1"},
	}
}

func register(t *testing.T, a *consul.Agent, s consul.Service) {
	t.Helper()
	if err := a.Register(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestResolveConsul(t *testing.T) {
	const service = "resolve-consul"
	a := consul.Need(t)
	url := "consul://" + a.Addr() + "/" + service
	wantResolved(t, 1, "", "error: "+url+": no instances\n", url)
	register(t, a, instance(service, "a", "x", 1))
	w := watchService(t, url)
	inX := watchService(t, url+"?zone=x&tag=v1&tag=grpc")
	w.wait("a=10.0.0.1:1")
	register(t, a, instance(service, "b", "y", 2))
	w.wait("a=10.0.0.1:1 b=10.0.0.1:2")
	wantResolved(t, 0, "b\t10.0.0.1:2\ty\t1\tgrpc,v1\n", "", url+"?zone=y")

	// Only those that pass, and that are not in maintenance.
	sick := instance(service, "c", "x", 3)
	sick.Check = &consul.Check{TTL: "10m", Status: "critical"}
	register(t, a, sick)
	if err := a.Maintain(t.Context(), "b", true); err != nil {
		t.Fatal(err)
	}
	w.wait("a=10.0.0.1:1")
	if err := a.Pass(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	w.wait("a=10.0.0.1:1 c=10.0.0.1:3")
	if err := a.Maintain(t.Context(), "b", false); err != nil {
		t.Fatal(err)
	}
	w.wait("a=10.0.0.1:1 b=10.0.0.1:2 c=10.0.0.1:3")
	inX.wait("a=10.0.0.1:1 c=10.0.0.1:3")
	inX.interrupt()
	register(t, a, instance(service, "b", "y", 4))
	w.wait("a=10.0.0.1:1 b=10.0.0.1:4 c=10.0.0.1:3")
	for _, id := range []string{"a", "b", "c"} {
		if err := a.Deregister(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	w.wait("")
	w.waitSaid("note: there are no instances")
	w.interrupt()
}

// While the agent is away the last list stands, and one that has forgotten everything is believed when it is back.
func TestResolveConsulAway(t *testing.T) {
	const service = "resolve-away"
	a := consul.Own(t, consul.Options{})
	register(t, a, instance(service, "a", "x", 1))
	w := watchService(t, "consul:///"+service, "CONSUL_HTTP_ADDR="+a.Addr())
	w.wait("a=10.0.0.1:1")
	if err := a.Halt(); err != nil {
		t.Fatal(err)
	}
	w.waitSaid("consul " + a.Addr() + " cannot be reached: connect: connection refused; what is known stands: 1 instance\n" +
		"hint: is the agent running?")
	if got := w.instances(); got != "a=10.0.0.1:1" {
		t.Errorf("the agent is away, and there are %q", got)
	}
	if err := a.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.waitSaid("note: the registry answers again")
	w.wait("")
	register(t, a, instance(service, "b", "x", 2))
	w.wait("b=10.0.0.1:2")
	w.interrupt()
}

// A connection that is cut, and one that hangs and is cut then, cost no instance.
func TestResolveConsulCut(t *testing.T) {
	const service = "resolve-cut"
	a := consul.Need(t)
	p, err := fault.Start(t.Context(), a.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	register(t, a, instance(service, "a", "x", 1))
	w := watchService(t, "consul://"+p.Addr()+"/"+service)
	w.wait("a=10.0.0.1:1")
	p.Refuse()
	p.Cut()
	w.waitSaid("what is known stands: 1 instance")
	register(t, a, instance(service, "b", "x", 2))
	if err := p.Accept(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wait("a=10.0.0.1:1 b=10.0.0.1:2")
	w.interrupt()
}

func TestResolveConsulToken(t *testing.T) {
	const service, token = "resolve-token", "3fd33c28-4a7b-4e3c-8f3e-0d1f0d4e2c11"
	a := consul.Own(t, consul.Options{Token: token})
	register(t, a, instance(service, "a", "x", 1))
	url := "consul://" + a.Addr() + "/" + service
	wantResolved(t, 1, "", "shows no instance to who has no token for that\nhint: CONSUL_HTTP_TOKEN", url)
	wantResolved(t, 2, "", "a URL is no place for a user, a password or a token\nhint: set CONSUL_HTTP_TOKEN", url+"?token="+token)
	f := func(token string, code int, stdout, stderr string) {
		t.Helper()
		got := resolveOnce(t, []string{"CONSUL_HTTP_TOKEN=" + token}, url)
		if got.code != code || got.stdout != stdout || !strings.Contains(got.stderr, stderr) || strings.Contains(got.stderr, token) {
			t.Errorf("with the token %s: exit %d, %q, %q; want %d, %q, %q", token, got.code, got.stdout, got.stderr, code, stdout, stderr)
		}
	}
	f("00000000-1111-2222-3333-444444444444", 1, "", "answers 403: ")
	f(token, 0, "a\t10.0.0.1:1\tx\t1\tgrpc,v1\n", "")
}

// The same instances are in Consul's DNS.
func TestResolveDNS(t *testing.T) {
	const service = "resolve-dns"
	a := consul.Need(t)
	register(t, a, instance(service, "a", "x", 4317))
	for _, url := range []string{
		"dns://" + service + ".service.consul?type=srv&server=" + a.DNS(),
		"dns://" + a.DNS() + "/" + service + ".service.consul:4317",
	} {
		wantResolved(t, 0, "10.0.0.1:4317\t10.0.0.1:4317\t\t\t\n", "", url)
	}
	url := "dns://none.service.consul"
	wantResolved(t, 1, "", "error: "+url+": no instances\n", url+"?type=srv&server="+a.DNS())
	wantResolved(t, 1, "", "error: find x: dns at 127.0.0.1:1", "dns://x:1?server=127.0.0.1:1")
}
