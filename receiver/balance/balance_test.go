package balance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// instances returns n instances, of zones in turn.
func instances(n int, zones ...string) []resolve.Instance {
	all := make([]resolve.Instance, n)
	for i := range all {
		all[i] = resolve.Instance{ID: fmt.Sprintf("i%04d", i), Addr: fmt.Sprintf("192.0.%d.%d:4317", i/256, i%256)}
		if len(zones) > 0 {
			all[i].Zone = zones[i%len(zones)]
		}
	}
	return all
}

func with(change func(*Config)) Config {
	c := DefaultConfig()
	change(&c)
	return c
}

func policy(p Policy) Config { return with(func(c *Config) { c.Policy = p }) }

// pick picks and ends the request at once.
func pick(t *testing.T, b *Balancer, key uint64, o Outcome) string {
	t.Helper()
	c, err := b.Pick(key)
	if err != nil {
		t.Fatal(err)
	}
	c.Done(o)
	return c.Instance().ID
}

// spreadOf counts who is picked of n times, with keys that differ.
func spreadOf(t *testing.T, b *Balancer, n int) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for i := range n {
		counts[pick(t, b, mix(uint64(i)), Worked)]++
	}
	return counts
}

// within checks that each of so many instances got its share, but for a deviation.
func within(t *testing.T, counts map[string]int, of int, deviation float64) {
	t.Helper()
	total := 0
	for _, n := range counts {
		total += n
	}
	share := float64(total) / float64(of)
	if len(counts) != of {
		t.Errorf("%d instances were picked, want %d", len(counts), of)
	}
	for id, n := range counts {
		if float64(n) < share*(1-deviation) || float64(n) > share*(1+deviation) {
			t.Errorf("%s was picked %d times, want %.0f but for %.0f %%", id, n, share, deviation*100)
		}
	}
}

func TestSpreadsEvenly(t *testing.T) {
	f := func(p Policy, deviation float64) {
		t.Helper()
		b := New(policy(p))
		b.Update(instances(10))
		within(t, spreadOf(t, b, 20_000), 10, deviation)
	}
	f(RoundRobin, 0)
	f(Random, 0.15)
	f(LeastConnections, 0)
	f(ConsistentHash, 0.15)
}

func TestSpreadsOverManyInstances(t *testing.T) {
	for _, p := range Policies() {
		b := New(policy(p))
		b.Update(instances(10_000))
		if counts := spreadOf(t, b, 10_000); len(counts) < 5_000 {
			t.Errorf("%s: 10000 picks went to %d of 10000 instances", p, len(counts))
		}
	}
}

// Clients that start at the same time do not all begin with the same instance.
func TestBeginsAnywhere(t *testing.T) {
	first := map[string]bool{}
	for range 50 {
		b := New(DefaultConfig())
		b.Update(instances(10))
		first[pick(t, b, 0, Worked)] = true
	}
	if len(first) < 3 {
		t.Errorf("50 clients began with %d of 10 instances", len(first))
	}
}

func TestLeastConnectionsTakesTheIdlest(t *testing.T) {
	b := New(policy(LeastConnections))
	b.Update(instances(4))
	var open []Choice
	for range 8 { // two each
		c, err := b.Pick(0)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	within(t, picks(b), 4, 0)
	idle := open[5].Instance().ID
	open[5].Done(Worked)
	if got := pick(t, b, 0, Worked); got != idle {
		t.Errorf("picked %s, but %s has fewer requests in flight", got, idle)
	}
}

func picks(b *Balancer) map[string]int {
	counts := map[string]int{}
	for _, m := range b.State(1000).Instances {
		counts[m.ID] = int(m.Picks)
	}
	return counts
}

func TestExcludesWhatWasTried(t *testing.T) {
	for _, p := range Policies() {
		b := New(policy(p))
		b.Update(instances(4))
		var tried []Choice
		seen := map[string]bool{}
		for range 4 {
			c, err := b.Pick(77, tried...)
			if err != nil {
				t.Fatal(err)
			}
			tried, seen[c.Instance().ID] = append(tried, c), true
		}
		if len(seen) != 4 {
			t.Errorf("%s: tried %v", p, seen)
		}
		if _, err := b.Pick(77, tried...); !errors.Is(err, ErrExhausted) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestNoInstances(t *testing.T) {
	for _, p := range Policies() {
		b := New(policy(p))
		f := func() {
			t.Helper()
			if _, err := b.Pick(1); !errors.Is(err, resolve.ErrNoInstances) {
				t.Errorf("%s: %v", p, err)
			}
		}
		f()
		b.Update(instances(3))
		pick(t, b, 1, Worked)
		b.Update(nil)
		f()
	}
}

// A key stays where it is, unless its instance goes; and one that comes takes keys
// from everybody, and moves no other.
func TestHashMovesAsLittleAsPossible(t *testing.T) {
	const keys = 5000
	owners := func(b *Balancer) []string {
		all := make([]string, keys)
		for k := range all {
			all[k] = pick(t, b, mix(uint64(k)), Worked)
		}
		return all
	}
	moved := func(before, after []string) (from, to map[string]int) {
		from, to = map[string]int{}, map[string]int{}
		for k := range before {
			if before[k] != after[k] {
				from[before[k]]++
				to[after[k]]++
			}
		}
		return from, to
	}
	b, other := New(policy(ConsistentHash)), New(policy(ConsistentHash))
	all := instances(10)
	b.Update(all)
	reversed := slices.Clone(all)
	slices.Reverse(reversed)
	other.Update(reversed)
	ten := owners(b)
	if !slices.Equal(ten, owners(b)) || !slices.Equal(ten, owners(other)) {
		t.Error("the same instances and keys made another choice")
	}
	b.Update(slices.Delete(slices.Clone(all), 3, 4))
	nine := owners(b)
	from, to := moved(ten, nine)
	if len(from) != 1 || from["i0003"] == 0 || len(to) < 8 {
		t.Errorf("without i0003 keys moved from %v to %v", from, to)
	}
	b.Update(all)
	if !slices.Equal(ten, owners(b)) {
		t.Error("with i0003 back, keys are not where they were")
	}
	b.Update(instances(11))
	from, to = moved(ten, owners(b))
	if len(to) != 1 || to["i0010"] < keys/11*8/10 || to["i0010"] > keys/11*12/10 || len(from) < 9 {
		t.Errorf("with i0010 keys moved from %v to %v", from, to)
	}
}

// While an instance is ejected, its keys go where they would go without it.
func TestHashGoesAroundTheEjected(t *testing.T) {
	c := policy(ConsistentHash)
	b, without := New(c), New(c)
	all := instances(5)
	b.Update(all)
	without.Update(all[1:])
	for k := uint64(0); b.State(0).Conditions[Ejected] == 0; k++ {
		choice, err := b.Pick(k)
		if err != nil {
			t.Fatal(err)
		}
		choice.Done(map[bool]Outcome{true: Failed, false: Worked}[choice.Instance().ID == "i0000"])
	}
	for k := range uint64(500) {
		if got, want := pick(t, b, k, Worked), pick(t, without, k, Worked); got != want {
			t.Fatalf("key %d went to %s, want %s", k, got, want)
		}
	}
}

func TestUpdateKeepsWhatIsKnown(t *testing.T) {
	b := New(DefaultConfig())
	all := instances(3)
	b.Update(all)
	spreadOf(t, b, 30)
	open, err := b.Pick(0)
	if err != nil {
		t.Fatal(err)
	}
	id := open.Instance().ID
	changed := slices.Clone(all)
	for i := range changed {
		changed[i].Version = "2"
	}
	b.Update(changed)
	if open.Instance().Version != "2" || b.State(3).Known != 3 || picks(b)[id] != 11 {
		t.Errorf("%+v", b.State(3))
	}
	gone := slices.DeleteFunc(changed, func(i resolve.Instance) bool { return i.ID == id })
	b.Update(gone)
	open.Done(Failed) // of no effect any more
	for range 10 {
		if pick(t, b, 0, Worked) == id {
			t.Fatal("picked one that is gone")
		}
	}
	b.Update([]resolve.Instance{gone[0], gone[0]})
	if n := b.State(9).Known; n != 1 {
		t.Errorf("the same instance twice makes %d", n)
	}
}

func TestSlowStart(t *testing.T) {
	for _, p := range []Policy{RoundRobin, Random, LeastConnections} {
		synctest.Test(t, func(t *testing.T) {
			b := New(with(func(c *Config) { c.Policy, c.SlowStart = p, 10*time.Second }))
			b.Update(instances(2))
			b.Update(instances(3))
			share := func() float64 { return float64(spreadOf(t, b, 6000)["i0002"]) / 6000 }
			if s := share(); s <= 0 || s > 0.08 {
				t.Errorf("%s: a new instance gets %.2f of the requests", p, s)
			}
			time.Sleep(5 * time.Second)
			if s := share(); s < 0.12 || s > 0.22 {
				t.Errorf("%s: half warm, it gets %.2f", p, s)
			}
			time.Sleep(5 * time.Second)
			if s := share(); s < 0.29 || s > 0.38 {
				t.Errorf("%s: warm, it gets %.2f", p, s)
			}
		})
	}
}

// From two to ten instances and back, each has its share once it has warmed up.
func TestScales(t *testing.T) {
	for _, p := range []Policy{RoundRobin, LeastConnections} {
		synctest.Test(t, func(t *testing.T) {
			b := New(policy(p))
			for _, n := range []int{2, 10, 2} {
				b.Update(instances(n))
				spreadOf(t, b, 100)
				time.Sleep(5 * time.Second)
				within(t, spreadOf(t, b, 1000), n, 0.05)
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	for _, p := range Policies() {
		b := New(with(func(c *Config) { c.Policy, c.Zone, c.Ejection.BaseTime = p, "a", time.Millisecond }))
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for n := range 500 {
					c, err := b.Pick(uint64(n))
					if err != nil {
						continue
					}
					_ = c.Instance()
					if n%50 == 0 {
						c.SetAside(time.Microsecond)
					}
					c.Done(Outcome((n + i) % 3))
				}
			})
		}
		all.Go(func() {
			for n := range 50 {
				b.Update(instances(n%7, "a", "b"))
				b.State(3)
			}
		})
		all.Wait()
		b.Update(instances(7, "a", "b"))
		for _, m := range b.State(10).Instances {
			if m.InFlight != 0 {
				t.Errorf("%s: %+v", p, m)
			}
		}
	}
}

func TestValidate(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		c := with(change)
		err := c.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.Policy = "fastest" }, `policy: "fastest" is not known: use round_robin, random, least_connections or consistent_hash`)
	f(func(c *Config) { c.Ejection.MaxTime = time.Second }, "ejection.max_time: 1s is below base_time 10s")
	f(func(c *Config) { c.Ejection.ConsecutiveFailures, c.Ejection.MaxTime = 0, 0 }, "")
	f(func(c *Config) { c.Ejection.MaxPercent = 101 }, "ejection.max_ejection_percent: 101")
}

func BenchmarkPick(b *testing.B) {
	for _, p := range Policies() {
		for _, n := range []int{10, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", p, n), func(b *testing.B) {
				balancer := New(policy(p))
				balancer.Update(instances(n))
				b.ReportAllocs()
				key := uint64(0)
				for b.Loop() {
					key++
					c, err := balancer.Pick(mix(key))
					if err != nil {
						b.Fatal(err)
					}
					c.Done(Worked)
				}
			})
		}
	}
}
