package gate

import (
	"maps"
	"time"
)

// report is what a gate reads of a pod's /status.
type report struct {
	Started   time.Time `json:"started"`
	Receivers []struct {
		Signals map[string]struct {
			Requests int64            `json:"requests"`
			Items    int64            `json:"accepted_items"`
			Refused  map[string]int64 `json:"refused_requests"`
		} `json:"signals"`
	} `json:"receivers"`
	Exporters []struct {
		Name     string `json:"name"`
		Error    string `json:"error"`
		Attempts int64  `json:"attempts"`
		Failed   int64  `json:"failed_attempts"`
		Queue    struct {
			Used     float64 `json:"used"`
			Capacity float64 `json:"capacity"`
			Oldest   float64 `json:"oldest_age_seconds"`
		} `json:"queue"`
		Books map[string]struct {
			Rejected int64            `json:"rejected_by_backend"`
			Dropped  map[string]int64 `json:"dropped"`
		} `json:"books"`
	} `json:"exporters"`
}

// share is a part of a whole.
type share struct{ part, whole int64 }

func (s share) plus(o share) share  { return share{s.part + o.part, s.whole + o.whole} }
func (s share) minus(o share) share { return share{s.part - o.part, s.whole - o.whole} }

// ratio is 0 of nothing.
func (s share) ratio() float64 {
	if s.whole <= 0 {
		return 0
	}
	return float64(s.part) / float64(s.whole)
}

// counters are what a pod has counted up to a moment.
type counters struct {
	items, lost int64
	refused     share            // of the requests
	failed      map[string]share // of the attempts, by exporter
}

// gauges are how the fullest queue of a pod is at a moment, and the one with the oldest request.
type gauges struct {
	fill float64 // of its capacity
	age  time.Duration
}

// brokenOff are the reasons for which a client alone is to blame.
func brokenOff(reason string) bool { return reason == "aborted" || reason == "slow" }

// counters sums up what was counted.
func (r report) counters() counters {
	c := counters{failed: map[string]share{}}
	for _, receiver := range r.Receivers {
		for _, signal := range receiver.Signals {
			c.items += signal.Items
			c.refused.whole += signal.Requests
			for reason, n := range signal.Refused {
				if brokenOff(reason) {
					c.refused.whole -= n
				} else {
					c.refused.part += n
				}
			}
		}
	}
	for _, exporter := range r.Exporters {
		c.failed[exporter.Name] = share{exporter.Failed, exporter.Attempts}
		for _, books := range exporter.Books {
			c.lost += books.Rejected
			for _, n := range books.Dropped {
				c.lost += n
			}
		}
	}
	return c
}

// gauges returns the extremes of all queues.
func (r report) gauges() gauges {
	var g gauges
	for _, exporter := range r.Exporters {
		if exporter.Queue.Capacity > 0 {
			g.fill = max(g.fill, exporter.Queue.Used/exporter.Queue.Capacity)
		}
		g.age = max(g.age, time.Duration(exporter.Queue.Oldest*float64(time.Second)))
	}
	return g
}

// trouble is the first error of an exporter whose last attempt failed; empty if there is none.
func (r report) trouble() string {
	for _, exporter := range r.Exporters {
		if exporter.Error != "" {
			return "exporter " + exporter.Name + ": " + exporter.Error
		}
	}
	return ""
}

// plus returns the sum of two.
func (c counters) plus(o counters) counters {
	sum := counters{items: c.items + o.items, lost: c.lost + o.lost, refused: c.refused.plus(o.refused), failed: maps.Clone(o.failed)}
	for name, s := range c.failed {
		if sum.failed == nil {
			sum.failed = map[string]share{}
		}
		sum.failed[name] = sum.failed[name].plus(s)
	}
	return sum
}

// minus returns what has been counted since there were as many as in o.
func (c counters) minus(o counters) counters {
	left := counters{items: c.items - o.items, lost: c.lost - o.lost, refused: c.refused.minus(o.refused), failed: maps.Clone(c.failed)}
	for name := range left.failed {
		left.failed[name] = c.failed[name].minus(o.failed[name])
	}
	return left
}
