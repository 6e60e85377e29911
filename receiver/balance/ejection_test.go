package balance

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// serve makes n picks, of which those to the bad instances fail, and returns how many
// each got.
func serve(t *testing.T, b *Balancer, n int, bad ...string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for i := range n {
		c, err := b.Pick(mix(uint64(i)))
		if err != nil {
			t.Fatal(err)
		}
		id := c.Instance().ID
		counts[id]++
		o := Worked
		for _, b := range bad {
			if id == b {
				o = Failed
			}
		}
		c.Done(o)
	}
	return counts
}

func TestEjectsWhatFails(t *testing.T) {
	for _, p := range Policies() {
		synctest.Test(t, func(t *testing.T) {
			b := New(with(func(c *Config) { c.Policy, c.SlowStart = p, 0 }))
			b.Update(instances(3))
			if got := serve(t, b, 300, "i0001")["i0001"]; got != 5 {
				t.Errorf("%s: it got %d requests, want the 5 failures that eject it", p, got)
			}
			time.Sleep(9 * time.Second)
			if got := serve(t, b, 300, "i0001")["i0001"]; got != 0 {
				t.Errorf("%s: ejected, it got %d requests", p, got)
			}
			time.Sleep(time.Second)
			if got := serve(t, b, 300, "i0001")["i0001"]; got != 1 {
				t.Errorf("%s: back, it got %d requests, want the one failure that ejects it", p, got)
			}
			time.Sleep(19 * time.Second)
			if got := serve(t, b, 300)["i0001"]; got != 0 {
				t.Errorf("%s: ejected for twice as long, it got %d requests", p, got)
			}
			time.Sleep(time.Second)
			if got := serve(t, b, 300)["i0001"]; got < 50 {
				t.Errorf("%s: well again, it got %d requests", p, got)
			}
			if s := b.State(3); s.Ejections != 2 || s.Conditions[Ready] != 3 {
				t.Errorf("%s: %+v", p, s)
			}
		})
	}
}

func TestEjectionLasts(t *testing.T) {
	e := DefaultConfig().Ejection
	for n, want := range map[int]time.Duration{
		1: 10 * time.Second, 2: 20 * time.Second, 5: 160 * time.Second, 6: 5 * time.Minute, 1000: 5 * time.Minute,
	} {
		if got := e.duration(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestASuccessInBetweenKeepsAnInstance(t *testing.T) {
	b := New(DefaultConfig())
	b.Update(instances(1))
	for range 20 {
		for range 4 {
			pick(t, b, 0, Failed)
		}
		pick(t, b, 0, Unknown)
		pick(t, b, 0, Worked)
	}
	if s := b.State(1); s.Ejections != 0 || s.Instances[0].Failures != 80 {
		t.Errorf("%+v", s)
	}
}

func TestEjectsNoMoreThanItsShare(t *testing.T) {
	f := func(n, percent, want int) {
		t.Helper()
		b := New(with(func(c *Config) { c.Ejection.MaxPercent = percent }))
		b.Update(instances(n))
		for range 100 * n {
			pick(t, b, 0, Failed)
		}
		if got := b.State(0).Conditions[Ejected]; got != want {
			t.Errorf("%d instances, %d %%: %d ejected, want %d", n, percent, got, want)
		}
	}
	f(10, 50, 5)
	f(3, 50, 1)
	f(1, 50, 0)
	f(10, 0, 0)
	f(4, 100, 4)
}

// If all are ejected, all are used: to send is better than not to.
func TestUsesAllWhenAllAreEjected(t *testing.T) {
	for _, p := range Policies() {
		b := New(with(func(c *Config) { c.Policy, c.Ejection.MaxPercent = p, 100 }))
		b.Update(instances(3))
		for k := range uint64(1000) {
			pick(t, b, mix(k), Failed)
		}
		if got := b.State(0).Conditions[Ejected]; got != 3 {
			t.Fatalf("%s: %d ejected", p, got)
		}
		if counts := spreadOf(t, b, 300); len(counts) != 3 {
			t.Errorf("%s: used %v", p, counts)
		}
	}
}

func TestRespectsWhoAsksToWait(t *testing.T) {
	for _, p := range Policies() {
		synctest.Test(t, func(t *testing.T) {
			b := New(with(func(c *Config) { c.Policy, c.SlowStart = p, 0 }))
			b.Update(instances(2))
			first, err := b.Pick(1)
			if err != nil {
				t.Fatal(err)
			}
			first.Done(Worked)
			first.SetAside(3 * time.Second)
			if counts := spreadOf(t, b, 10); counts[first.Instance().ID] != 0 {
				t.Errorf("%s: %v", p, counts)
			}
			second, err := b.Pick(1)
			if err != nil {
				t.Fatal(err)
			}
			second.SetAside(time.Second)
			second.SetAside(time.Millisecond) // the longer one counts
			second.Done(Failed)
			_, err = b.Pick(1)
			if busy, ok := errors.AsType[*BusyError](err); !ok || busy.After != time.Second {
				t.Errorf("%s: %v", p, err)
			}
			if c := b.State(0).Conditions; c[Busy] != 2 || c[Ejected] != 0 {
				t.Errorf("%s: %v", p, c)
			}
			time.Sleep(time.Second)
			if got := pick(t, b, 1, Worked); got != second.Instance().ID {
				t.Errorf("%s: %s", p, got)
			}
			time.Sleep(2 * time.Second)
			if counts := spreadOf(t, b, 100); len(counts) != 2 {
				t.Errorf("%s: %v", p, counts)
			}
		})
	}
}
