package gate

import (
	"errors"
	"fmt"
	"strings"
)

// Verdict is what a gate has found. The words are API.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed"
	Failed Verdict = "failed"
	// Undecided is a rollout that did not get as far as to be judged.
	Undecided Verdict = "undecided"
	// Skipped says that there was nothing to judge.
	Skipped Verdict = "skipped"
)

// Result is what a gate has found, and by what. In JSON it is API.
type Result struct {
	Verdict Verdict `json:"verdict"`
	// Why is the reason of a verdict that is not passed.
	Why    string  `json:"why,omitempty"`
	Window float64 `json:"window_seconds"`
	// Pods are the new ones, OldPods those that they were compared with.
	Pods    []string `json:"pods"`
	OldPods []string `json:"old_pods"`
	// Items are what the new pods have accepted.
	Items    int64     `json:"items"`
	Counters []Counter `json:"counters"`
	// Paused says that the rollout was left paused.
	Paused bool `json:"paused"`
}

// FailedError says that new pods are out of bounds.
type FailedError struct{ Reasons []string }

func (e *FailedError) Error() string { return "the gate has failed: " + strings.Join(e.Reasons, "; ") }

func (w *watcher) failed(reasons []string) error { return &FailedError{reasons} }

// result sums up what a gate has found, which has ended with err.
func (w *watcher) result(err error) Result {
	r := Result{
		Verdict: verdictOf(err), Window: w.Window.Seconds(), Pods: w.names(false), OldPods: w.names(true),
		Items: w.items, Counters: w.judged, Paused: w.paused,
	}
	if r.Counters == nil {
		r.Counters = []Counter{}
	}
	if err != nil {
		r.Why = err.Error()
	}
	return r
}

// verdictOf returns what the end of a gate, or of a window, means.
func verdictOf(err error) Verdict {
	_, failed := errors.AsType[*FailedError](err)
	switch {
	case err == nil:
		return Passed
	case failed:
		return Failed
	}
	return Undecided
}

// Skip is the result of a gate that has nothing to judge, and why.
func Skip(why string) Result {
	return Result{Verdict: Skipped, Why: why, Pods: []string{}, OldPods: []string{}, Counters: []Counter{}}
}

// names returns the old pods, or the new ones.
func (w *watcher) names(old bool) []string {
	names := []string{}
	for _, p := range w.pods {
		if p.old == old {
			names = append(names, p.name)
		}
	}
	return names
}

// counted counts the new pods that there are.
func (w *watcher) counted() string {
	n := 0
	for _, p := range w.pods {
		if !p.old && !p.gone {
			n++
		}
	}
	if n == 1 {
		return "1 new pod"
	}
	return fmt.Sprintf("%d new pods", n)
}

// watching says what goes on.
func (w *watcher) watching() string {
	return fmt.Sprintf("gate: watching %s for %s", w.counted(), w.Window)
}

// passed says what has been found to be well.
func (w *watcher) passed() string {
	return fmt.Sprintf("gate: %s passed: %s", w.counted(), w.figures())
}

// figures are the most telling ones.
func (w *watcher) figures() string {
	parts := []string{fmt.Sprintf("%d items", w.items)}
	for _, c := range w.judged {
		if value, _, _ := c.Figures(); c.kind().late || c.Value > 0 {
			parts = append(parts, c.Title()+" "+value)
		}
	}
	return strings.Join(parts, ", ")
}
