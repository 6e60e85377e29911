package balance

import "time"

// Condition is how an instance is treated.
type Condition string

// The conditions.
const (
	// Ready instances are sent to.
	Ready Condition = "ready"
	// Warming instances are new, or were left out: they are sent to less often.
	Warming Condition = "warming"
	// Ejected instances are left out because they have failed.
	Ejected Condition = "ejected"
	// Busy instances have asked not to be sent to for a time.
	Busy Condition = "busy"
)

// State is what a Balancer reports about itself.
type State struct {
	// Known is how many instances there are, and Conditions how many in each condition.
	Known      int
	Conditions map[Condition]int
	// Ejections counts how often an instance was left out.
	Ejections int64
	// Instances are the first of them, in the order of the last Update.
	Instances []Member
}

// Member is what is known of one instance.
type Member struct {
	ID, Addr, Zone string
	Condition      Condition
	// Until is when an instance that is ejected or busy is sent to again.
	Until    time.Time
	InFlight int
	// Picks counts requests, Failures those that failed, and Consecutive those that
	// failed since the last that worked.
	Picks, Failures int64
	Consecutive     int
}

// State returns the state, with up to most instances.
func (b *Balancer) State(most int) State {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.admit(time.Now())
	s := State{Known: len(b.members), Ejections: b.ejections, Conditions: map[Condition]int{
		Ready: len(b.near.ready) + len(b.far.ready), Warming: len(b.near.warming) + len(b.far.warming),
		Ejected: b.ejected, Busy: b.away.Len() - b.ejected,
	}}
	for _, m := range b.order[:min(most, len(b.order))] {
		s.Instances = append(s.Instances, m.report())
	}
	return s
}

func (m *member) report() Member {
	r := Member{
		ID: m.ID, Addr: m.Addr, Zone: m.Zone, Condition: Ready,
		InFlight: m.inFlight, Picks: m.picks, Failures: m.failed, Consecutive: m.failures,
	}
	switch {
	case m.condition == warming:
		r.Condition = Warming
	case m.condition == away && m.ejected:
		r.Condition, r.Until = Ejected, m.until
	case m.condition == away:
		r.Condition, r.Until = Busy, m.until
	}
	return r
}
