package balance

import (
	"testing"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// inZones returns so many instances in each zone: a, b, c and so on.
func inZones(counts ...int) []resolve.Instance {
	var all []resolve.Instance
	for zone, n := range counts {
		for range n {
			i := instances(len(all) + 1)[len(all)]
			i.Zone = string(rune('a' + zone))
			all = append(all, i)
		}
	}
	return all
}

// shareOf returns which share of the requests stays in zone a.
func shareOf(t *testing.T, b *Balancer) float64 {
	t.Helper()
	zones := map[string]string{}
	for _, m := range b.State(1000).Instances {
		zones[m.ID] = m.Zone
	}
	const n = 4000
	near := 0
	for id, picks := range spreadOf(t, b, n) {
		if zones[id] == "a" {
			near += picks
		}
	}
	return float64(near) / n
}

func TestPrefersItsZone(t *testing.T) {
	f := func(policy Policy, prefer bool, counts []int, want float64) {
		t.Helper()
		b := New(with(func(c *Config) { c.Policy, c.Zone, c.PreferZone = policy, "a", prefer }))
		b.Update(inZones(counts...))
		if got := shareOf(t, b); got < want-0.05 || got > want+0.05 {
			t.Errorf("%s, %v: %.2f stays, want %.2f", policy, counts, got, want)
		}
	}
	for _, p := range Policies() {
		f(p, true, []int{3, 3, 3}, 1)
		f(p, true, []int{4, 0, 0}, 1)
		f(p, true, []int{0, 3, 3}, 0)
		f(p, true, []int{3, 1}, 1)
	}
	f(RoundRobin, false, []int{3, 3, 3}, 1.0/3)
	// One of ten, and every zone sends half: it would get five times its share.
	f(RoundRobin, true, []int{1, 9}, 1.4*1*2/10)
	f(ConsistentHash, true, []int{1, 9}, 1.4*1*2/10)
	f(LeastConnections, true, []int{2, 4, 4}, 1.4*2*3/10)
}

func TestSpillsOverWhileItsZoneFails(t *testing.T) {
	b := New(with(func(c *Config) { c.Zone, c.Ejection.MaxPercent = "a", 100 }))
	b.Update(inZones(2, 2))
	serve(t, b, 100, "i0000", "i0001")
	if got := shareOf(t, b); got != 0 {
		t.Errorf("%.2f stays in a zone that does not work", got)
	}
	serve(t, b, 100, "i0002", "i0003")
	if s := b.State(0); s.Conditions[Ejected] != 4 {
		t.Fatalf("%+v", s)
	}
	if got := shareOf(t, b); got < 0.4 || got > 0.6 {
		t.Errorf("with all of them ejected, %.2f stays", got)
	}
}

// A key goes to the same instance, in its zone or another.
func TestZoneKeepsKeys(t *testing.T) {
	b := New(with(func(c *Config) { c.Policy, c.Zone = ConsistentHash, "a" }))
	b.Update(inZones(1, 9))
	for k := range uint64(200) {
		if first, again := pick(t, b, k, Worked), pick(t, b, k, Worked); first != again {
			t.Fatalf("key %d went to %s and %s", k, first, again)
		}
	}
}
