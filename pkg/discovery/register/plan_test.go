package register

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/presence"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// trusting returns a section tls that has the certificate of a server in a file.
func trusting(t *testing.T, s *httptest.Server) *tlsconf.Client {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var c tlsconf.Client
	c.CAFile = ca
	return &c
}

// A plan is another one if a key or what is in a file has changed.
func TestPlanKnowsItsFiles(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	var c Consul
	c.SetDefaults()
	c.AdvertiseAddress, c.TLS = "192.0.2.7", trusting(t, server)
	prepared := func() any {
		plan, err := Prepare(Config{Consul: &c}, "0.0.0.0:4317", nowhere)
		if err != nil {
			t.Fatal(err)
		}
		defer plan.Discard()
		return plan.keepers[0].section
	}
	before := prepared()
	if !reflect.DeepEqual(before, prepared()) {
		t.Error("nothing has changed, and it is another one")
	}
	text, err := os.ReadFile(c.TLS.CAFile)
	if err == nil {
		err = os.WriteFile(c.TLS.CAFile, append(text, text...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(before, prepared()) {
		t.Error("the authorities have changed, and it is the same")
	}
}

func TestTags(t *testing.T) {
	e := entryFor(t, present("one"), &Service{Tags: []string{"blue", "grpc", "blue"}})
	if got := strings.Join(e.tags, " "); got != "v1 grpc otlp blue" {
		t.Errorf("the tags are %q", got)
	}
}

func TestAdvertised(t *testing.T) {
	f := func(configured, listens, pod, want, problem string) {
		t.Helper()
		s := Service{AdvertiseAddress: configured}
		lookup := func(name string) (string, bool) { return pod, name == podIP }
		got, err := s.advertised(t.Context(), presence.Endpoint{Addr: listens}, "127.0.0.1:8500", lookup)
		if got != want || (err == nil) != (problem == "") || err != nil && !strings.Contains(err.Error(), problem) {
			t.Errorf("%q, %q, %q: %q, %v", configured, listens, pod, got, err)
		}
	}
	f("gateway.example.com", "0.0.0.0:4317", "10.0.0.9", "gateway.example.com", "")
	f("127.0.0.1", "0.0.0.0:4317", "", "127.0.0.1", "")
	f("", "10.0.0.1:4317", "10.0.0.9", "10.0.0.1", "")
	f("", "[::]:4317", "10.0.0.9", "10.0.0.9", "")
	f("", "[::]:4317", "fd00::9", "fd00::9", "")
	f("", "[::]:4317", "0.0.0.0", "", "no address of a pod")
	f("", "127.0.0.1:4317", "10.0.0.9", "", "other machines cannot reach")
	f("", "0.0.0.0:4317", "", "", "no address is known")
}

// What could never be told is refused before anything runs.
func TestPrepare(t *testing.T) {
	f := func(change func(c *Consul), listens, pod string, want ...string) {
		t.Helper()
		var c Consul
		c.SetDefaults()
		change(&c)
		lookup := func(name string) (string, bool) { return pod, name == podIP }
		plan, err := Prepare(Config{Consul: &c}, listens, lookup)
		var got []string
		faults, _ := errors.AsType[Faults](err)
		for _, fault := range faults {
			got = append(got, fault.ConfigPath()+": "+fault.Problem())
		}
		if len(got) != len(want) || !slices.EqualFunc(got, want, strings.HasPrefix) || (plan == nil) != (want != nil) {
			t.Errorf("%q, want %q", got, want)
		}
		if plan != nil {
			plan.Discard()
		}
	}
	nothing := func(*Consul) {}
	f(nothing, "0.0.0.0:4317", "", "consul.advertise_address: is needed: the registry is on this machine")
	f(nothing, "0.0.0.0:4317", "10.0.0.9")
	f(nothing, "10.0.0.1:4317", "")
	f(nothing, "127.0.0.1:4317", "10.0.0.9", "consul.advertise_address: is needed: the receiver listens on 127.0.0.1:4317")
	f(func(c *Consul) { c.AdvertiseAddress = "192.0.2.1" }, "127.0.0.1:4317", "", "consul.advertise_address: clients would be told 192.0.2.1")
	f(func(c *Consul) { c.AdvertiseAddress = "192.0.2.1" }, "", "", "consul.name: nothing could be told")
	f(func(c *Consul) { c.AdvertiseAddress = "127.0.0.1" }, "127.0.0.1:4317", "")
	f(func(c *Consul) { c.Address = "consul.example.com" }, "0.0.0.0:4317", "")
	f(func(c *Consul) { c.Address = "ftp://consul" }, "0.0.0.0:4317", "", "consul.address: is to be host:port")
	f(func(c *Consul) { c.Address = "http://user:pw@consul" }, "0.0.0.0:4317", "", "consul.address: has a user in it")
	f(func(c *Consul) { c.Address = "consul:70000" }, "0.0.0.0:4317", "", `consul.address: "consul:70000" is not host:port`)
	f(func(c *Consul) { c.TokenFile = "/nowhere" }, "0.0.0.0:4317", "", "consul.token_file: open /nowhere")
}

func TestValidate(t *testing.T) {
	f := func(change func(c *Consul), want string) {
		t.Helper()
		var c Consul
		c.SetDefaults()
		change(&c)
		err := c.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(func(*Consul) {}, "")
	f(func(c *Consul) { c.Name = "" }, "name: ")
	f(func(c *Consul) { c.Name = "a/b" }, "name: ")
	f(func(c *Consul) { c.ID = "a b" }, "id: ")
	f(func(c *Consul) { c.AdvertiseAddress = "::" }, "advertise_address: :: is no address that anybody")
	f(func(c *Consul) { c.AdvertiseAddress = "[fd00::1]" }, "")
	f(func(c *Consul) { c.AdvertiseAddress = "host\nname" }, "advertise_address: is to be a host")
	f(func(c *Consul) { c.AdvertiseAddress = "host:4317" }, "advertise_address: is to be a host")
	f(func(c *Consul) { c.Token, c.TokenFile = "planted", "f" }, "token_file: ")
	f(func(c *Consul) { c.Check.DeregisterCriticalAfter = time.Second }, "check.deregister_critical_after: ")
	f(func(c *Consul) { c.Check.DeregisterCriticalAfter = 0 }, "")
	var e Eureka
	e.SetDefaults()
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
	if e.Lease = e.Interval; e.Validate() == nil {
		t.Error("a lease that ends between two signs is taken")
	}
}
