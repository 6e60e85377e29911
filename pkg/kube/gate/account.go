package gate

import "time"

// account is what a pod has counted since it is watched, whatever it had counted before.
type account struct {
	// started is when the process began that was read last, from what it had counted when it was read first,
	// and last what it has now.
	started    time.Time
	from, last counters
	// before is what processes have counted that were restarted since.
	before counters
	peak   gauges
	// restarts counts those since the beginning, of which there had been skipped.
	restarts, skipped int32
	trouble           string
}

// open begins to watch a pod that has counted before.
func (a *account) open(r report) {
	a.from = r.counters()
	a.take(r)
}

// take adds what a pod tells now.
func (a *account) take(r report) {
	if !a.started.IsZero() && !r.Started.Equal(a.started) {
		a.before, a.from = a.before.plus(a.last.minus(a.from)), counters{}
	}
	a.started, a.last, a.trouble = r.Started, r.counters(), r.trouble()
	now := r.gauges()
	a.peak = gauges{max(a.peak.fill, now.fill), max(a.peak.age, now.age)}
}

// restarted notes how often the container has been restarted in all.
func (a *account) restarted(times int32) { a.restarts = max(a.restarts, times-a.skipped) }

// tally is what is judged: the counts of one pod, or of several together.
type tally struct {
	counters

	peak     gauges
	restarts int32
}

func (a *account) tally() tally {
	return tally{counters: a.before.plus(a.last.minus(a.from)), peak: a.peak, restarts: a.restarts}
}

// together adds pods up: shares are those of all of them, and of all else the highest figure of one counts.
func together(pods []tally) tally {
	var all tally
	for _, p := range pods {
		lost := max(all.lost, p.lost)
		all.counters = all.plus(p.counters)
		all.lost = lost
		all.peak = gauges{max(all.peak.fill, p.peak.fill), max(all.peak.age, p.peak.age)}
		all.restarts = max(all.restarts, p.restarts)
	}
	return all
}
