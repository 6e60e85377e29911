package e2e_test

import (
	"testing"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	// moveLimit is how soon traffic must have moved away from a receiver that died.
	moveLimit = 3 * time.Second
	// agentAway is how long a registry is away that comes back. A minute changes nothing: what is known stands for as long as it
	// takes, and nothing waits for longer than ten seconds.
	agentAway = 15 * time.Second
)

// Five receivers register themselves, and clients find them. One is killed, one is stopped, the agent goes away and comes back
// knowing nothing: no client sees an error, and nothing is missing that was acknowledged.
func TestReceiversAreFoundAndLost(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "found", 5)
	f.flow()
	f.waitPassing()
	f.loseOne()
	f.retire(1)
	f.flows(arrivalLimit)
	f.loseRegistry()
	f.finish()
}

// loseOne kills a receiver: traffic moves before the registry knows.
func (f *fleet) loseOne() {
	t, dead := f.t, f.take()
	t.Helper()
	killed := time.Now()
	dead.kill(t)
	f.flows(moveLimit)
	f.waitPassing()
	f.gateway.waitInstances(t, len(f.members))
	wantShares(t, f.there())
	if attempts, last := f.direct.Failed(); attempts > 0 {
		after := last.Sub(killed).Round(time.Millisecond)
		t.Logf("clients of gRPC tried %d requests again, the last %s after the death", attempts, after)
		if after > moveLimit {
			t.Errorf("that is more than %s", moveLimit)
		}
	}
	t.Logf("the gateway gave %.0f requests to another receiver", f.gateway.metric(t, `otlpctl_exporter_failovers_total{exporter="otlp"}`))
}

// loseRegistry takes the agent away for a while: traffic goes on, and all that are there register again.
func (f *fleet) loseRegistry() {
	t, halted := f.t, time.Now()
	t.Helper()
	if err := f.agent.Halt(); err != nil {
		t.Fatal(err)
	}
	wait.For(t, arrivalLimit, "the agent to be missed", func() bool { return f.gateway.discovery(t).Stale })
	for _, m := range f.members {
		m.waitUnregistered(t, "cannot be reached")
		if got := m.metric(t, `otlpctl_registered{registry="consul"}`); got != 0 {
			t.Errorf("otlpctl_registered is %v without an agent", got)
		}
	}
	wait.For(t, agentAway+arrivalLimit, "the time to pass", func() bool {
		f.flows(arrivalLimit)
		return time.Since(halted) > agentAway
	})
	wantShares(t, f.there())
	if err := f.agent.Resume(t.Context()); err != nil { // it has forgotten all of them
		t.Fatal(err)
	}
	f.waitPassing()
	f.gateway.waitInstances(t, len(f.members))
	wantShares(t, f.there())
}

// From two receivers to ten and back to two: each gets its share, nothing is missing, and nothing arrives twice.
func TestReceiversScale(t *testing.T) {
	t.Parallel()
	f := newFleet(t, "scale", 2)
	f.flow()
	settle := func(change func()) {
		t.Helper()
		change()
		changed := time.Now()
		f.gateway.waitInstances(t, len(f.members))
		wantShares(t, f.there())
		t.Logf("%d receivers have their shares %s after the change", len(f.members), time.Since(changed).Round(time.Millisecond))
	}
	settle(func() { f.grow(8) })
	settle(func() { f.retire(8) })
	f.finish()
	for sig, v := range f.through.verdicts(f.sinks...) {
		if v.Duplicates > 0 {
			t.Errorf("%s: %s", sig, v)
		}
	}
}
