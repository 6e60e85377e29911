package ready

import "testing"

// A rollout that is paused is judged by the new pods that it has brought.
func TestFirst(t *testing.T) {
	pod := func(old bool, s State) Line { return Line{Kind: "pod", Depth: 2, Old: old, State: s} }
	f := func(before State, want State, lines ...Line) {
		t.Helper()
		v := Verdict{State: before, Lines: append([]Line{{Kind: "deployment", State: before}}, lines...)}
		if got := v.First(); got.State != want || got.Lines[0].State != want {
			t.Errorf("%+v: %+v, want %+v", lines, got.State, want)
		}
	}
	paused, starts := stuck("is paused").finally(true), progressing("starts")
	is := ready("is ready")
	f(paused, progressing("0 of 0 pods ready, the first of the new ones"))
	f(paused, progressing("0 of 0 pods ready, the first of the new ones"), pod(true, is))
	f(paused, progressing("0 of 1 pod ready, the first of the new ones"), pod(true, is), pod(false, starts))
	f(paused, progressing("1 of 2 pods ready, the first of the new ones"), pod(false, starts), pod(false, is))
	f(paused, ready("1 of 1 pod ready, the first of the new ones"), pod(true, starts), pod(false, is))
	f(ready("1 of 1 pod available"), ready("1 of 1 pod ready, the first of the new ones"), pod(false, is))
	// What cannot improve stays as it was found.
	crash := failed("pod/p: keeps ending").finally(true)
	f(crash, crash, pod(false, failed("keeps ending").finally(true)))
	f(failed("is being deleted").finally(true), failed("is being deleted").finally(true), pod(false, is))
	if v := (Verdict{State: crash}).First(); v.State != crash {
		t.Errorf("%+v", v)
	}
}
