package measure

import (
	"testing"
	"time"
)

func TestLatency(t *testing.T) {
	var l Latency
	for _, d := range []time.Duration{100 * time.Microsecond, time.Millisecond, 40 * time.Millisecond, time.Minute} {
		l.Observe(d)
	}
	d := l.Read()
	f := func(bound float64, want uint64) {
		t.Helper()
		if got := d.Cumulative[bound]; got != want {
			t.Errorf("%d durations up to %gs, want %d", got, bound, want)
		}
	}
	f(0.0005, 1)
	f(0.001, 2)
	f(0.025, 2)
	f(0.05, 3)
	f(30, 3)
	if d.Count != 4 {
		t.Errorf("%d durations in all, want 4", d.Count)
	}
	if want := 60.0411; d.Sum < want-1e-9 || d.Sum > want+1e-9 {
		t.Errorf("sum is %gs, want %gs", d.Sum, want)
	}
}
