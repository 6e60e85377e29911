package balance

import (
	"math/rand/v2"
	"time"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// Update says which instances there are from now on. What is known of those that
// were there before stays; requests to those that are gone may go on. Calls may
// not overlap with changes of the slice; the instances themselves are kept.
func (b *Balancer) Update(instances []resolve.Instance) {
	b.updating.Lock()
	defer b.updating.Unlock()
	next := b.compare(instances)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for id, m := range b.members {
		if next.members[id] != m {
			b.lose(m)
		}
	}
	b.members, b.order, b.zones = next.members, next.order, next.zones
	b.near.ring, b.far.ring = next.near, next.far
	slowly := map[*pool]bool{b.near: b.near.warmsUp(), b.far: b.far.warmsUp()}
	for _, m := range next.added {
		m.pool.add(m, now, slowly[m.pool])
	}
	for id, i := range next.news {
		b.members[id].Instance = *i
	}
}

// difference is what an Update changes.
type difference struct {
	members   map[identity]*member
	order     []*member
	added     []*member
	news      map[identity]*resolve.Instance // of those that stay
	zones     int
	near, far ring
}

// compare works out what changes, without the lock: rings take their time.
func (b *Balancer) compare(instances []resolve.Instance) *difference {
	d := &difference{members: make(map[identity]*member, len(instances)), news: map[identity]*resolve.Instance{}}
	zones := map[string]struct{}{}
	var near, far []*member
	for k := range instances {
		i := &instances[k]
		id := identityOf(i)
		if d.members[id] != nil {
			continue
		}
		m := b.members[id]
		if m == nil {
			m = &member{Instance: *i, pool: b.poolOf(i.Zone), condition: gone}
			d.added = append(d.added, m)
		} else {
			d.news[id] = i
		}
		d.members[id] = m
		d.order = append(d.order, m)
		zones[i.Zone] = struct{}{}
		if m.pool == b.near {
			near = append(near, m)
		} else {
			far = append(far, m)
		}
	}
	rand.Shuffle(len(d.added), func(i, j int) { d.added[i], d.added[j] = d.added[j], d.added[i] }) // not all take turns in the same order
	d.zones = len(zones)
	switch {
	case len(d.added) == 0 && len(d.members) == len(b.members): // the same
		d.near, d.far = b.near.ring, b.far.ring
	case b.config.Policy == ConsistentHash:
		d.near, d.far = newRing(near), newRing(far)
	}
	return d
}

func (b *Balancer) poolOf(zone string) *pool {
	if b.config.PreferZone && b.config.Zone != "" && zone != b.config.Zone {
		return b.far
	}
	return b.near
}

// lose forgets a member that is no longer among the instances.
func (b *Balancer) lose(m *member) {
	switch m.condition {
	case ready, warming:
		m.pool.remove(m)
	case away:
		b.comeBack(m)
	case gone:
	}
	m.condition = gone
}
