package balance

import (
	"time"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// condition is whether a member is sent to.
type condition uint8

const (
	ready   condition = iota
	warming           // new or back from away: sent to less often for a while
	away              // ejected, or has asked not to be sent to
	gone              // no longer among the instances
)

// identity tells members apart. One that moves is another one.
type identity struct{ id, addr, zone string }

// member is an instance that is known. The Balancer's lock guards what changes.
type member struct {
	resolve.Instance

	pool      *pool
	condition condition
	at        int       // index among those of the pool in the same condition, or among all that are away
	since     time.Time // when it began to warm up
	until     time.Time // when it is no longer away
	ejected   bool      // away because it failed, rather than at its own request

	inFlight  int
	turn      uint64 // the pick that took it last
	failures  int    // one after the other
	ejections int    // without a success in between

	picks, failed int64
}

func identityOf(i *resolve.Instance) identity { return identity{i.ID, i.Addr, i.Zone} }

// Outcome is how a request to an instance has ended, as far as it tells of the
// instance.
type Outcome uint8

const (
	// Unknown tells nothing: the request was given up for another reason.
	Unknown Outcome = iota
	// Worked means that the instance has answered, be it with a refusal.
	Worked
	// Failed means that it could not be reached or could not do its work.
	Failed
)

// Choice is an instance that a Balancer has chosen. The zero value is none.
type Choice struct {
	b *Balancer
	m *member
}

// Instance returns what was chosen, as it is known now.
func (c Choice) Instance() resolve.Instance {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	return c.m.Instance
}

// Begin counts a request to the instance as in flight, until Done.
func (c Choice) Begin() {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.b.take(c.m)
}

// Done says that the request has ended, and how. It returns whether the instance is left
// out because of that.
func (c Choice) Done(o Outcome) (ejected bool) {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.b.release(c.m)
	switch o {
	case Worked:
		c.m.failures, c.m.ejections = 0, 0
	case Failed:
		c.m.failed++
		return c.b.fail(c.m)
	case Unknown:
	}
	return false
}

// SetAside says that the instance has asked not to be sent to for a time. That is
// no failure, but it is respected even if nobody else is left.
func (c Choice) SetAside(wait time.Duration) {
	c.b.mu.Lock()
	defer c.b.mu.Unlock()
	c.b.leave(c.m, time.Now().Add(wait), false)
}
