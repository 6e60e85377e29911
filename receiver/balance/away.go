package balance

import (
	"container/heap"
	"time"
)

// fail counts a failure, and ejects the member if it is one too many.
func (b *Balancer) fail(m *member) (ejected bool) {
	m.failures++
	e := &b.config.Ejection
	if e.ConsecutiveFailures == 0 || m.condition == away || m.condition == gone {
		return false
	}
	if m.failures < e.ConsecutiveFailures && m.ejections == 0 {
		return false
	}
	if (b.ejected+1)*100 > len(b.members)*e.MaxPercent {
		return false
	}
	m.ejections++
	b.ejections++
	b.leave(m, time.Now().Add(e.duration(m.ejections)), true)
	return true
}

// duration is how long the n-th ejection in a row lasts.
func (e *Ejection) duration(n int) time.Duration {
	d := e.BaseTime
	for ; n > 1 && d < e.MaxTime; n-- {
		d *= 2
	}
	return min(d, e.MaxTime)
}

// leave makes a member away until the given time, or for longer if it is already.
func (b *Balancer) leave(m *member, until time.Time, ejected bool) {
	switch m.condition {
	case gone:
		return
	case away:
		if until.After(m.until) {
			m.until = until
			heap.Fix(&b.away, m.at)
		}
		if m.ejected && !ejected {
			m.ejected = false
			b.ejected--
		}
		return
	case ready, warming:
		m.pool.remove(m)
	}
	m.condition, m.until, m.ejected = away, until, ejected
	if ejected {
		b.ejected++
	}
	heap.Push(&b.away, m)
}

// comeBack takes a member off those that are away.
func (b *Balancer) comeBack(m *member) {
	heap.Remove(&b.away, m.at)
	if m.ejected {
		b.ejected--
	}
}

// admit lets members back whose time is over.
func (b *Balancer) admit(now time.Time) {
	for b.away.Len() > 0 && !b.away.heaped[0].until.After(now) {
		m := b.away.heaped[0]
		b.comeBack(m)
		m.pool.add(m, now, m.pool.warmsUp())
	}
}
