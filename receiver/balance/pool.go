package balance

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"
)

// leastShare is how often an instance that has just come is taken, compared with
// the others: never to take it would be no start.
const leastShare = 0.1

// pool is a group of members that are chosen from in the same way.
type pool struct {
	config  *Config
	ready   heaped    // a heap for LeastConnections, else in no order
	warming []*member // in no order
	warm    time.Time // when all that warm up are ready
	next    uint64    // whose turn it is, for RoundRobin
	ring    ring      // of all members, for ConsistentHash
}

// usable returns how many members can be chosen.
func (p *pool) usable() int { return len(p.ready) + len(p.warming) }

// warmsUp reports whether members that are added now are to be so little by little:
// not if there is nobody else.
func (p *pool) warmsUp() bool {
	return p.config.SlowStart > 0 && p.config.Policy != ConsistentHash && len(p.ready) > 0
}

// add makes a member one that can be chosen, at once or little by little.
func (p *pool) add(m *member, now time.Time, slowly bool) {
	if slowly {
		m.condition, m.since, m.at = warming, now, len(p.warming)
		p.warming = append(p.warming, m)
		p.warm = now.Add(p.config.SlowStart)
		return
	}
	m.condition = ready
	if p.config.Policy == LeastConnections {
		heap.Push(p.byLoad(), m)
		return
	}
	m.at = len(p.ready)
	p.ready = append(p.ready, m)
	// Not at the end, or all who learn of it would come to it at the same time.
	p.swap(m.at, rand.IntN(len(p.ready))) //nolint:gosec // no secret depends on it
}

func (p *pool) byLoad() byLoad { return byLoad{&p.ready} }

func (p *pool) swap(i, j int) { p.ready.Swap(i, j) }

// remove takes a member off those that can be chosen.
func (p *pool) remove(m *member) {
	switch {
	case m.condition == warming:
		p.warming = drop(p.warming, m)
	case p.config.Policy == LeastConnections:
		heap.Remove(p.byLoad(), m.at)
	default:
		p.ready = drop(p.ready, m)
	}
}

// drop takes a member off a list without order.
func drop(list []*member, m *member) []*member {
	last := len(list) - 1
	list[m.at] = list[last]
	list[m.at].at = m.at
	list[last] = nil
	return list[:last]
}

// choose returns the member to send to that is none of those in not, or nil.
func (p *pool) choose(now time.Time, key uint64, not []Choice) *member {
	if p.usable() == 0 {
		return nil
	}
	if p.config.Policy == ConsistentHash {
		return p.ring.find(key, func(m *member) bool { return m.condition == ready && !among(not, m) })
	}
	if len(p.warming) > 0 && !now.Before(p.warm) {
		for len(p.warming) > 0 {
			p.promote(p.warming[len(p.warming)-1])
		}
	}
	if m := p.newcomer(now); m != nil && !among(not, m) {
		return m
	}
	var m *member
	switch p.config.Policy {
	case Random:
		m = from(p.ready, rand.Uint64(), not) //nolint:gosec // no secret depends on it
	case LeastConnections:
		m = p.idlest(not)
	default:
		p.next++
		m = from(p.ready, p.next, not)
	}
	if m == nil {
		m = from(p.warming, rand.Uint64(), not) //nolint:gosec // as above
	}
	return m
}

// newcomer returns a member that warms up if it is the turn of one, or nil.
func (p *pool) newcomer(now time.Time) *member {
	if len(p.warming) == 0 || rand.IntN(p.usable()) >= len(p.warming) { //nolint:gosec // no secret depends on it
		return nil
	}
	m := p.warming[rand.IntN(len(p.warming))] //nolint:gosec // as above
	share := float64(now.Sub(m.since)) / float64(p.config.SlowStart)
	if share >= 1 {
		p.promote(m)
		return m
	}
	if rand.Float64() > max(share, leastShare) { //nolint:gosec // as above
		return nil
	}
	return m
}

// promote makes a member that has warmed up one like the others.
func (p *pool) promote(m *member) {
	p.remove(m)
	p.add(m, time.Time{}, false)
}

// from returns the first member from index i on, around the list, that is none of
// those in not; nil if there is none.
func from(list []*member, i uint64, not []Choice) *member {
	n := uint64(len(list))
	for step := range min(n, uint64(len(not))+1) {
		if m := list[(i+step)%n]; !among(not, m) {
			return m
		}
	}
	return nil
}

func among(choices []Choice, m *member) bool {
	return slices.ContainsFunc(choices, func(c Choice) bool { return c.m == m })
}

// idlest returns the member with the fewest requests in flight that is none of
// those in not.
func (p *pool) idlest(not []Choice) *member {
	load := p.byLoad()
	var passed []*member
	for len(p.ready) > 0 && among(not, p.ready[0]) {
		passed = append(passed, heap.Pop(load).(*member)) //nolint:forcetypeassert // nothing else is in it
	}
	var m *member
	if len(p.ready) > 0 {
		m = p.ready[0]
	}
	for _, other := range passed {
		heap.Push(load, other)
	}
	return m
}

// loaded puts a member in its place after its load has changed.
func (p *pool) loaded(m *member) {
	if p.config.Policy == LeastConnections && m.condition == ready {
		heap.Fix(p.byLoad(), m.at)
	}
}
