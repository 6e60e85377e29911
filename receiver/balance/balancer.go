// Package balance chooses whom to send to, among instances of a service that come,
// go and fail. It sends nothing and asks no registry: who does tells it the instances
// (Update), asks for one (Pick), and says what came of it (Done).
//
// A choice takes constant time, or logarithmic time in the number of instances, and
// no goroutine runs for them.
package balance

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// ErrExhausted says that there are instances, but all of them were excluded.
var ErrExhausted = errors.New("no other instance is left")

// BusyError says that every instance has asked not to be sent to.
type BusyError struct {
	// After is how long it takes until one of them may be sent to.
	After time.Duration
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("every instance has asked to wait, the first of them until in %s", e.After.Round(time.Millisecond))
}

// Balancer chooses among instances. It is safe for concurrent use.
type Balancer struct {
	config Config

	updating sync.Mutex // held by Update, which alone changes what members has

	mu        sync.Mutex
	members   map[identity]*member
	order     []*member // the same, as they came
	near, far *pool     // far has members in other zones than a preferred one
	zones     int       // that instances are in
	away      absent
	ejected   int // of those that are away
	ejections int64
	turn      uint64
}

// New returns a Balancer without instances. The configuration has been validated.
func New(c Config) *Balancer {
	b := &Balancer{config: c, members: map[identity]*member{}}
	b.near, b.far = b.pool(), b.pool()
	return b
}

func (b *Balancer) pool() *pool {
	return &pool{config: &b.config, next: rand.Uint64() >> 1} //nolint:gosec // no secret depends on it
}

// Pick chooses an instance that is none of those in not, and counts a request to it
// as in flight; the caller ends that with Done. key matters to ConsistentHash only.
// The error is resolve.ErrNoInstances, ErrExhausted or a *BusyError.
func (b *Balancer) Pick(key uint64, not ...Choice) (Choice, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, err := b.choose(key, not)
	if err == nil {
		b.take(c.m)
	}
	return c, err
}

// Locate is Pick for who does not send yet: Begin counts the request.
func (b *Balancer) Locate(key uint64, not ...Choice) (Choice, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.choose(key, not)
}

func (b *Balancer) choose(key uint64, not []Choice) (Choice, error) {
	now := time.Now()
	b.admit(now)
	first, second := b.near, b.far
	if b.spills(key) {
		first, second = second, first
	}
	for _, p := range []*pool{first, second} {
		if m := p.choose(now, key, not); m != nil {
			return Choice{b, m}, nil
		}
	}
	if m := b.anyEjected(key, not); m != nil {
		return Choice{b, m}, nil
	}
	switch {
	case len(b.members) == 0:
		return Choice{}, resolve.ErrNoInstances
	case b.away.Len() == len(b.members):
		return Choice{}, &BusyError{After: b.away.heaped[0].until.Sub(now)}
	default:
		return Choice{}, ErrExhausted
	}
}

// anyEjected returns a member that was ejected, for when nobody else is left.
func (b *Balancer) anyEjected(key uint64, not []Choice) *member {
	if b.ejected == 0 || b.near.usable()+b.far.usable() > 0 {
		return nil
	}
	usable := func(m *member) bool { return m.condition == away && m.ejected && !among(not, m) }
	if b.config.Policy == ConsistentHash {
		for _, p := range []*pool{b.near, b.far} {
			if m := p.ring.find(key, usable); m != nil {
				return m
			}
		}
		return nil
	}
	all := b.away.heaped
	first := rand.IntN(len(all)) //nolint:gosec // no secret depends on it
	for step := range all {
		if m := all[(first+step)%len(all)]; usable(m) {
			return m
		}
	}
	return nil
}

// tolerance is how many times its share of the load an instance of the own zone
// takes before the rest goes to other zones.
const tolerance = 1.4

// spills reports whether a request leaves the own zone. If every zone sent alike and
// to itself alone, an instance here would have usable/(zones*near) times its share;
// as much of that leaves as is above the tolerance. A key always does the same.
func (b *Balancer) spills(key uint64) bool {
	near, far := float64(b.near.usable()), float64(b.far.usable())
	stays := tolerance * near * float64(b.zones) / (near + far)
	if far == 0 || stays >= 1 {
		return false
	}
	if b.config.Policy == ConsistentHash {
		return float64(spread(key, probes))/math.MaxUint64 >= stays
	}
	return rand.Float64() >= stays //nolint:gosec // no secret depends on it
}

func (b *Balancer) take(m *member) {
	b.turn++
	m.turn = b.turn
	m.inFlight++
	m.picks++
	m.pool.loaded(m)
}

func (b *Balancer) release(m *member) {
	m.inFlight--
	m.pool.loaded(m)
}
