package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	// slow is how long it takes to remove one.
	slow time.Duration
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

func (s *scripted) remove(ctx context.Context, id string) error {
	if s.slow > 0 {
		select {
		case <-time.After(s.slow):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
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

// However long a registry is away, it is asked once in each interval.
func TestRegistrarIsNoTightLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		s.err = errors.New("connection refused")
		r := New(planOf(time.Second, s), slog.New(slog.DiscardHandler))
		r.Announce(t.Context(), present("one"))
		for _, fault := range []error{s.err, errForgotten} {
			s.set(func(s *scripted) { s.err = fault })
			for range 24 {
				time.Sleep(5 * time.Minute)
				if asked := strings.Count(s.took(), "put"); asked > 5*7+4 {
					t.Fatalf("%v: in 5 minutes it was asked %d times", fault, asked)
				}
			}
		}
		r.Withdraw(t.Context())
	})
}

// alias is a registry by another name.
type alias struct{ *scripted }

func (alias) place(id string) string { return "by another name " + id }

// A registry may have another name in the new section, and forgets the entry that it has just been told.
func TestRegistrarLeavesTheSameRegistry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		s.slow = time.Second
		r := New(planOf(time.Second, s), slog.New(slog.DiscardHandler))
		r.Announce(t.Context(), present("one"))
		synctest.Wait()
		next := planOf(time.Second, s)
		next.keepers[0].book, next.keepers[0].section = alias{s}, "another"
		r.Change(t.Context(), next)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if log := s.took(); log != "put one, put one, remove, put one" || len(s.known) != 1 {
			t.Errorf("the registry was asked for %q", log)
		}
		r.Withdraw(t.Context())
	})
}

// Registries that hang hold nobody up for longer than they are given, those that were left before included; how it goes is told
// meanwhile.
func TestRegistrarWithdrawIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left, used := newScripted(), newScripted()
		left.at, left.slow, used.slow = "left ", time.Hour, time.Hour
		r := New(planOf(time.Second, left), slog.New(slog.DiscardHandler))
		r.Announce(t.Context(), present("one"))
		synctest.Wait()
		r.Change(t.Context(), planOf(time.Second, used))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		go func() {
			time.Sleep(time.Second / 2)
			_ = r.Registrations()
			if took := time.Since(began); took > time.Second/2 {
				t.Errorf("registrations are told after %s", took)
			}
		}()
		r.Withdraw(ctx)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it takes %s", took)
		}
	})
}

// An entry that another receiver has made its own is left to it.
func TestRegistrarLeavesTheEntryOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		r := New(planOf(time.Second, s), slog.New(slog.DiscardHandler))
		r.Announce(t.Context(), present("one"))
		synctest.Wait()
		s.set(func(s *scripted) { s.err = &takenError{"id", "192.0.2.8:4317"} })
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := r.Registrations()[0]; got.Registered || !strings.Contains(got.Error, "is in use by 192.0.2.8:4317") {
			t.Errorf("the registration is %+v", got)
		}
		s.set(func(s *scripted) { s.err = nil })
		s.took()
		r.Withdraw(t.Context())
		if log := s.took(); log != "" {
			t.Errorf("the registry was asked for %q", log)
		}
	})
}
