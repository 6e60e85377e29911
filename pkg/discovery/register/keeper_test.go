package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/presence"
)

// scripted is a registry in memory.
type scripted struct {
	mu     sync.Mutex
	err    error
	known  map[string]entry
	log    []string
	closed bool
	// at is where entries are: registries with the same one are the same.
	at string
}

func newScripted() *scripted { return &scripted{known: map[string]entry{}} }

func (s *scripted) kind() string                { return "consul" }
func (s *scripted) address() string             { return "http://registry:8500" }
func (s *scripted) reached() string             { return "192.0.2.1:8500" }
func (s *scripted) every() time.Duration        { return 10 * time.Second }
func (s *scripted) probe(context.Context) error { return nil }
func (s *scripted) close()                      { s.closed = true }

func (s *scripted) place(id string) string { return s.at + id }

func (s *scripted) do(what string, change func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, what)
	if s.err != nil {
		return s.err
	}
	return change()
}

func (s *scripted) put(_ context.Context, e entry) error {
	return s.do("put "+e.meta["config_hash"], func() error {
		s.known[e.id] = e
		return nil
	})
}

func (s *scripted) confirm(_ context.Context, e entry) error {
	return s.do("confirm", func() error {
		if _, ok := s.known[e.id]; !ok {
			return errForgotten
		}
		return nil
	})
}

func (s *scripted) remove(_ context.Context, id string) error {
	return s.do("remove", func() error {
		delete(s.known, id)
		return nil
	})
}

// set changes what the registry answers.
func (s *scripted) set(change func(s *scripted)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// took returns what was asked since the last call.
func (s *scripted) took() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.log = nil }()
	return strings.Join(s.log, ", ")
}

func planOf(delay time.Duration, all ...*scripted) *Plan {
	p := &Plan{propagationDelay: delay}
	for i, r := range all {
		service := &Service{Name: fmt.Sprintf("otlp-%d", i), AdvertiseAddress: "192.0.2.7"}
		p.keepers = append(p.keepers, &keeper{book: r, section: r, service: service, lookup: nowhere})
	}
	return p
}

func nowhere(string) (string, bool) { return "", false }

func present(hash string) presence.Presence {
	return presence.Presence{Version: "v1", ConfigHash: hash, Endpoints: []presence.Endpoint{
		{Protocol: "grpc", Addr: "[::]:4317"}, {Protocol: "http", Addr: "0.0.0.0:4318"}, {Protocol: "metrics", Addr: "0.0.0.0:8888"},
	}}
}

// An entry is kept: told at once, confirmed, told again when it is lost or has changed, and taken out in the end.
func TestRegistrarKeepsAnEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		r := New(planOf(2*time.Second, s), slog.New(slog.DiscardHandler))
		want := func(after time.Duration, log string, registered bool) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := s.took(); got != log {
				t.Errorf("the registry was asked for %q, want %q", got, log)
			}
			if got := r.Registrations()[0]; got.Registered != registered || got.Error != "" {
				t.Errorf("the registration is %+v", got)
			}
		}
		want(time.Minute, "", false)
		r.Announce(t.Context(), present("one"))
		want(0, "put one", true)
		want(10*time.Second, "confirm", true)
		s.set(func(s *scripted) { clear(s.known) })
		want(10*time.Second, "confirm, put one", true)
		r.Announce(t.Context(), present("two"))
		want(0, "put two", true)
		id := r.Registrations()[0].ID
		if e := s.known[id]; !strings.HasPrefix(id, "otlp-0-") || e.addr() != "192.0.2.7:4317" || e.meta["http_port"] != "4318" || e.meta["registered_at"] == "" {
			t.Errorf("%q is told to be %+v", id, e)
		}
		if delay := r.Withdraw(t.Context()); delay != 2*time.Second || len(s.known) > 0 || !s.closed {
			t.Errorf("after %s there are %v", delay, s.known)
		}
		want(time.Minute, "remove", false)
		if delay := r.Withdraw(t.Context()); delay != 0 {
			t.Errorf("a second time, clients are waited for %s", delay)
		}
	})
}

// A registry that is away is asked more and more seldom, but at least once in each interval, and logged once.
func TestRegistrarWithoutRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		s.err = errors.New("connection refused")
		var log bytes.Buffer
		r := New(planOf(time.Second, s), slog.New(slog.NewTextHandler(&log, nil)))
		r.Announce(t.Context(), present("one"))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		asked := strings.Count(s.took(), "put")
		if asked < 5*6 || asked > 5*7+4 {
			t.Errorf("in 5 minutes it was asked %d times", asked)
		}
		if got := r.Registrations()[0]; got.Registered || got.Error != "connection refused" || got.Failures != int64(asked) {
			t.Errorf("the registration is %+v", got)
		}
		s.set(func(s *scripted) { s.err = nil })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(s.known) != 1 {
			t.Error("it is not registered within an interval")
		}
		s.set(func(s *scripted) { s.err = errors.New("gone") })
		time.Sleep(time.Minute)
		r.Withdraw(t.Context())
		for text, times := range map[string]int{"not registered": 2, "msg=registered": 1, "not deregistered": 1} {
			if got := strings.Count(log.String(), text); got != times {
				t.Errorf("%q is logged %d times, want %d:\n%s", text, got, times, &log)
			}
		}
	})
}

// A new plan takes the receiver out of what it leaves, and keeps the rest as it is.
func TestRegistrarChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept, left, added := newScripted(), newScripted(), newScripted()
		left.at, added.at = "here ", "there "
		r := New(planOf(time.Second, kept, left), slog.New(slog.DiscardHandler))
		r.Announce(t.Context(), present("one"))
		synctest.Wait()
		r.Change(t.Context(), planOf(time.Second, kept, added))
		synctest.Wait()
		if len(kept.known) != 1 || len(left.known) != 0 || len(added.known) != 1 || !left.closed {
			t.Errorf("known are %v, %v, %v", kept.known, left.known, added.known)
		}
		if log := kept.took(); log != "put one" {
			t.Errorf("what is kept was asked for %q", log)
		}
		r.Withdraw(t.Context())
		if len(kept.known)+len(added.known) > 0 {
			t.Error("not all have forgotten it")
		}
	})
}

// A section that changes how an entry is, and not which it is, never takes it out.
func TestRegistrarChangesAnEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := newScripted(), newScripted()
		after.known = before.known
		r := New(planOf(time.Second, before), slog.New(slog.DiscardHandler))
		r.Announce(t.Context(), present("one"))
		synctest.Wait()
		r.Change(t.Context(), planOf(time.Second, after))
		synctest.Wait()
		if log := before.took() + "; " + after.took(); log != "put one; put one" || len(after.known) != 1 || !before.closed {
			t.Errorf("the registry was asked for %q, and knows %v", log, after.known)
		}
		r.Withdraw(t.Context())
		if len(after.known) > 0 {
			t.Error("it is still known")
		}
	})
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
