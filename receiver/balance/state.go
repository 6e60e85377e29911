package balance

import "time"

// State is what a Balancer reports about itself.
type State struct {
	// Known, Ejected and Busy count instances: all, those that are left out because
	// they failed, and those that have asked not to be sent to.
	Known, Ejected, Busy int
	// Ejections counts how often an instance was left out.
	Ejections int64
	// Instances are the first of them, in the order of the last Update.
	Instances []Member
}

// Member is what is known of one instance.
type Member struct {
	ID, Addr, Zone string
	// Condition is ready, warming, ejected or busy.
	Condition string
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
	s := State{Known: len(b.members), Ejected: b.ejected, Busy: len(b.away) - b.ejected, Ejections: b.ejections}
	for _, m := range b.order[:min(most, len(b.order))] {
		s.Instances = append(s.Instances, m.report())
	}
	return s
}

func (m *member) report() Member {
	r := Member{
		ID: m.ID, Addr: m.Addr, Zone: m.Zone, Condition: "ready",
		InFlight: m.inFlight, Picks: m.picks, Failures: m.failed, Consecutive: m.failures,
	}
	switch {
	case m.condition == warming:
		r.Condition = "warming"
	case m.condition == away && m.ejected:
		r.Condition, r.Until = "ejected", m.until
	case m.condition == away:
		r.Condition, r.Until = "busy", m.until
	}
	return r
}
