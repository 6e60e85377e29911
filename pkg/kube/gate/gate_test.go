package gate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is what a run came to.
type outcome struct {
	Result

	err   error
	took  time.Duration
	notes []string
	steps []Step
	told  []string
}

// stepwise runs a gate over a Deployment with two old pods, of which the first new one comes once it is let. The others
// come when the rollout is let go on for good.
func stepwise(t *testing.T, change func(*Gate, *cluster), fresh func(*counting)) outcome {
	c := &cluster{t: t, generation: 2, observed: 1, revision: 1, template: 2, paused: true}
	for _, name := range []string{"a", "b"} {
		old := c.pod(name, 1)
		old.counts(1000, 900, 1000, 900) // which is none of the new revision's doing
		old.grow = more
	}
	c.resumed = func() {
		c.revision = 2
		p := c.pod([]string{"x", "y", "z"}[len(c.pods)-2], 2)
		fresh(p)
	}
	g := Gate{Mode: Stepwise, Window: time.Minute, Bounds: Bounds{
		MaxRefusedRatio: 0.05, MaxExportFailureRatio: 0.1, MaxQueueFill: 0.8, MaxQueueAge: 30 * time.Second,
	}}
	return runGate(t, c, g, change)
}

func runGate(t *testing.T, c *cluster, g Gate, change func(*Gate, *cluster)) (o outcome) {
	ready := func(ctx context.Context) error { return sleep(ctx, 10*time.Second) }
	g.API, g.Namespace, g.Name, g.Pause, g.WaitFirst, g.Wait = c, "ns", "d", c.pause, ready, ready
	g.Show, g.Note = func(s Step) { o.steps = append(o.steps, s) }, func(text string) { o.notes = append(o.notes, text) }
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if change != nil {
		change(&g, c)
	}
	began := time.Now()
	o.Result, o.err = g.Run(ctx)
	o.took, o.told = time.Since(began), c.told
	return o
}

// more is traffic of which all is well.
func more(p *counting) {
	n := int(time.Since(p.started).Seconds())
	p.counts(1000+n, 900, 1000+n, 900)
}

// well is a pod that counts traffic of which all is well.
func well(p *counting) {
	p.grow = func(p *counting) {
		n := int(time.Since(p.started).Seconds())
		p.counts(n, 0, n, 0)
	}
}

func TestStepwise(t *testing.T) {
	f := func(name string, change func(*Gate, *cluster), fresh func(*counting), verdict Verdict, wantErr string, told ...string) outcome {
		t.Helper()
		var o outcome
		synctest.Test(t, func(t *testing.T) {
			o = stepwise(t, change, fresh)
		})
		got := ""
		if o.err != nil {
			got = o.err.Error()
		}
		if got != wantErr || o.Verdict != verdict || !slices.Equal(o.told, told) {
			t.Errorf("%s: %s %q, told %v; want %s %q, %v", name, o.Verdict, got, o.told, verdict, wantErr, told)
		}
		if wantPaused := len(told)%2 == 0; o.Paused != wantPaused {
			t.Errorf("%s: paused is %v", name, o.Paused)
		}
		return o
	}
	const name = "the gate has failed: pod/x: "

	o := f("well", nil, well, Passed, "", "resume", "pause", "resume")
	if !slices.Equal(o.Pods, []string{"x", "y"}) || !slices.Equal(o.OldPods, []string{"a", "b"}) || o.Items == 0 || len(o.notes) > 0 || len(o.Counters) != 6 {
		t.Errorf("it is %+v, %v", o.Result, o.notes)
	}
	if o.took < 2*time.Minute || o.took > 150*time.Second {
		t.Errorf("it took %s", o.took)
	}
	if last := o.steps[len(o.steps)-1]; last.Verdict != Passed || !strings.HasPrefix(last.Text, "gate: 2 new pods passed: ") {
		t.Errorf("the last step is %+v", last)
	}

	// The number of a revision that was there before is new already.
	f("again", func(_ *Gate, c *cluster) { c.revision = 2 }, well, Passed, "", "resume", "pause", "resume")

	// A share may improve until the window is over; what is lost is lost at once.
	o = f("exports", nil, func(p *counting) { p.counts(40, 0, 40, 40) }, Failed,
		name+"failed exports 100 % of 40 attempts (bound 10 %, old pods 0 %): exporter otlp: connection refused", "resume", "pause")
	if o.took < 70*time.Second {
		t.Errorf("it was given up after %s", o.took)
	}
	f("improves", nil, func(p *counting) {
		p.grow = func(p *counting) { n := int(time.Since(p.started).Seconds()); p.counts(n+1, 1, n+1, 1) }
	}, Passed, "", "resume", "pause", "resume")
	o = f("restarts", nil, func(p *counting) { p.restarts = 1 }, Failed, name+"restarts 1 (bound 0, old pods 0)", "resume", "pause")
	if o.took > 20*time.Second {
		t.Errorf("it was given up after %s", o.took)
	}
	f("allowed restarts", func(g *Gate, _ *cluster) { g.Bounds.MaxRestarts = 1 }, func(p *counting) {
		well(p)
		p.restarts = 1
	}, Passed, "", "resume", "pause", "resume")

	o = f("silence", nil, func(p *counting) { p.silent = errors.New("no route to host") }, Failed,
		"the gate has failed: pod/x does not tell what it counts: no route to host", "resume", "pause")
	if o.took > time.Minute {
		t.Errorf("it was given up after %s", o.took)
	}
	o = f("nothing arrives", nil, func(*counting) {}, Passed, "", "resume", "pause", "resume")
	if len(o.notes) != 2 || o.notes[0] != "gate: no telemetry arrived at 1 new pod within 1m0s, so little is known of the new revision; deploy.gate.min_items asks for some" {
		t.Errorf("the notes are %q", o.notes)
	}
	f("too little arrives", func(g *Gate, _ *cluster) { g.Bounds.MinItems = 10_000 }, well, Failed,
		"the gate has failed: 1 new pod accepted 700 items, fewer than 10000", "resume", "pause")
	f("never ready", func(g *Gate, _ *cluster) {
		g.WaitFirst = func(context.Context) error { return errors.New("crashes") }
	}, well, Undecided, "crashes", "resume", "pause")
	f("no step", func(_ *Gate, c *cluster) { c.resumed = nil }, well, Undecided, "context deadline exceeded", "resume", "pause")
	f("the API server goes away", func(_ *Gate, c *cluster) {
		time.AfterFunc(40*time.Second, func() { defer c.lock()(); c.away = errors.New("gone") })
		time.AfterFunc(60*time.Second, func() { defer c.lock()(); c.away = nil })
	}, well, Passed, "", "resume", "pause", "resume")
}

// A pod that is not ready, or another one in its place, is watched for a window of its own.
func TestWindowBeginsAgain(t *testing.T) {
	f := func(change func(*cluster)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			o := stepwise(t, func(_ *Gate, c *cluster) {
				time.AfterFunc(40*time.Second, func() { defer c.lock()(); change(c) })
			}, well)
			if o.err != nil || o.took < 150*time.Second || len(o.notes) != 1 || !strings.HasSuffix(o.notes[0], ": the window of 1m0s begins again") {
				t.Errorf("it took %s: %v, %q", o.took, o.err, o.notes)
			}
		})
	}
	f(func(c *cluster) {
		p := c.pods[2]
		p.ready = false
		time.AfterFunc(5*time.Second, func() { defer c.lock()(); p.ready = true })
	})
	f(func(c *cluster) {
		c.pods = c.pods[:2]
		well(c.pod("w", 2))
	})
}

// What happens to a later pod counts as well, and ends the waiting.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := stepwise(t, func(g *Gate, _ *cluster) {
			g.Wait = func(ctx context.Context) error { return sleep(ctx, time.Hour) }
		}, func(p *counting) {
			well(p)
			if p.name == "y" {
				p.restarts = 2
			}
		})
		if o.Verdict != Failed || o.Paused || o.took > 90*time.Second || o.err.Error() != "the gate has failed: pod/y: restarts 2 (bound 0, old pods 0)" {
			t.Errorf("after %s: %+v, %v", o.took, o.Result, o.err)
		}
	})
}

// An interruption leaves the rollout paused, even in the moment in which it was let go on.
func TestInterrupted(t *testing.T) {
	f := func(after time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			o := stepwise(t, func(g *Gate, _ *cluster) {
				first := g.WaitFirst
				ctx, cancel := context.WithTimeout(t.Context(), after)
				t.Cleanup(cancel)
				g.WaitFirst = func(context.Context) error { return first(ctx) }
				pause := g.Pause
				g.Pause = func(c context.Context, paused bool) error {
					if c.Err() != nil {
						return c.Err()
					}
					return pause(c, paused)
				}
			}, well)
			if !o.Paused || o.Verdict != Undecided || !slices.Equal(o.told, []string{"resume", "pause"}) {
				t.Errorf("after %s: %+v, told %v", after, o.Result, o.told)
			}
		})
	}
	f(time.Second / 2)
	f(5 * time.Second)
}

// Pods that stay are judged by what they count from the new configuration on.
func TestLive(t *testing.T) {
	f := func(after int, want Verdict) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			c := &cluster{t: t, generation: 1, observed: 1, revision: 1}
			p := c.pod("a", 1)
			p.counts(100, 50, 100, 0)
			g := Gate{Mode: Live, Window: time.Minute, Bounds: Bounds{MaxRefusedRatio: 0.05}}
			o := runGate(t, c, g, func(g *Gate, c *cluster) {
				g.Bounds.MaxQueueFill, g.Bounds.MaxQueueAge = 1, time.Hour
				time.AfterFunc(5*time.Second, func() { defer c.lock()(); p.counts(200, 52, 200, 0) })
				time.AfterFunc(20*time.Second, func() { defer c.lock()(); p.counts(300, 52+after, 300, 0) })
			})
			if o.Verdict != want || o.Counters[0].Old == nil || *o.Counters[0].Old != 0.02 || o.Counters[0].Value != float64(after)/100 {
				t.Errorf("%d: %+v, %v", after, o.Result, o.err)
			}
		})
	}
	f(5, Passed)
	f(6, Failed)
}
