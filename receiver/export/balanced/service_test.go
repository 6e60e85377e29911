package balanced

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/buftest"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/resolve"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// service is a scripted registry with the backends that it names.
type service struct {
	answers chan resolve.Answer
	pool    *buftest.Pool
	log     bytes.Buffer // written under mu

	mu       sync.Mutex
	backends map[string]*backend
	opened   int
	closed   []string
	openErr  error
}

// backend is what listens at one address.
type backend struct {
	// answer decides about a request; nil takes everything.
	answer func(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error)
	calls  int
	items  int
	got    [][]byte
}

func newService(addrs ...string) *service {
	s := &service{answers: make(chan resolve.Answer, 100), pool: new(buftest.Pool), backends: map[string]*backend{}}
	for _, addr := range addrs {
		s.backends[addr] = &backend{}
	}
	if len(addrs) > 0 {
		s.answers <- resolve.Answer{Instances: named(addrs...)}
	}
	return s
}

// named returns the instances at the addresses, which are their IDs too.
func named(addrs ...string) []resolve.Instance {
	all := make([]resolve.Instance, len(addrs))
	for i, addr := range addrs {
		all[i] = resolve.Instance{ID: addr, Addr: addr}
	}
	return all
}

func letters(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%c:1", 'a'+i)
	}
	return all
}

// Follow implements resolve.Source.
func (s *service) Follow(ctx context.Context, tell func(resolve.Answer)) {
	for {
		select {
		case a := <-s.answers:
			tell(a)
		case <-ctx.Done():
			return
		}
	}
}

// Write takes the log.
func (s *service) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *service) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// exporter returns an exporter to the service, which the test closes.
func (s *service) exporter(t testing.TB, change func(*Config)) *Exporter {
	t.Helper()
	c := DefaultConfig()
	if change != nil {
		change(&c)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	e := New(c, Deps{Source: s, Name: "test://service", Open: s.open, Pool: s.pool, Log: slog.New(slog.NewTextHandler(s, nil))})
	t.Cleanup(func() {
		if err := e.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		s.pool.AllFreed(t)
	})
	return e
}

func (s *service) open(addr string) (pipeline.Exporter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	return &connection{s, addr}, s.openErr
}

// at changes or reads a backend.
func (s *service) at(addr string, f func(*backend)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.backends[addr])
}

// all has every backend answer alike.
func (s *service) all(answer func(context.Context, *pipeline.Batch) (pipeline.Partial, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.backends {
		b.answer = answer
	}
}

// called returns who got requests, in order of the addresses.
func (s *service) called() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for addr, b := range s.backends {
		for range b.calls {
			all = append(all, addr)
		}
	}
	slices.Sort(all)
	return all
}

// connection is the exporter to one backend.
type connection struct {
	s    *service
	addr string
}

func (c *connection) Export(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	c.s.mu.Lock()
	to := c.s.backends[c.addr]
	to.calls++
	answer := to.answer
	c.s.mu.Unlock()
	var partial pipeline.Partial
	if answer != nil {
		var err error
		if partial, err = answer(ctx, b); err != nil {
			return partial, err
		}
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	to.items += b.Items
	to.got = append(to.got, b.Encoded().Materialize())
	return partial, nil
}

func (c *connection) Probe(ctx context.Context, sig wire.Signal) error {
	_, err := c.Export(ctx, pipeline.EmptyBatch(sig))
	return err
}

func (c *connection) Close(context.Context) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.closed = append(c.s.closed, c.addr)
	return nil
}

var errRefused = errors.New("connection refused")

func refuses(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
	return pipeline.Partial{}, &pipeline.RetryableError{Err: errRefused}
}

func rejects(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
	return pipeline.Partial{}, &pipeline.RejectedError{Err: errors.New("invalid token")}
}

func asksToWait(d time.Duration) func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
	return func(context.Context, *pipeline.Batch) (pipeline.Partial, error) {
		return pipeline.Partial{}, &pipeline.RetryableError{Err: errors.New("too busy"), After: d}
	}
}
