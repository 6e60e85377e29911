// Package measure holds the counters that the data path updates: plain atomics
// that cost nanoseconds and are read by whoever reports them.
package measure

import (
	"sync/atomic"
	"time"
)

// bounds are the upper limits of the latency buckets, in seconds.
//
//nolint:gochecknoglobals // immutable table
var bounds = [...]float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// Latency is a histogram of durations. The zero value is ready; it may be used
// from many goroutines and must not be copied.
type Latency struct {
	buckets [len(bounds) + 1]atomic.Uint64
	nanos   atomic.Int64
}

// Observe adds one duration.
func (l *Latency) Observe(d time.Duration) {
	seconds := d.Seconds()
	i := 0
	for i < len(bounds) && seconds > bounds[i] {
		i++
	}
	l.buckets[i].Add(1)
	l.nanos.Add(int64(d))
}

// Distribution is the state of a Latency at one moment.
type Distribution struct {
	Count uint64
	Sum   float64 // seconds
	// Cumulative counts the durations up to each bound, in seconds.
	Cumulative map[float64]uint64
}

// Read returns the distribution so far.
func (l *Latency) Read() Distribution {
	d := Distribution{Cumulative: make(map[float64]uint64, len(bounds))}
	for i := range l.buckets {
		d.Count += l.buckets[i].Load()
		if i < len(bounds) {
			d.Cumulative[bounds[i]] = d.Count
		}
	}
	d.Sum = time.Duration(l.nanos.Load()).Seconds()
	return d
}
