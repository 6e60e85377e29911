package gate

import (
	"context"
	"fmt"
	"time"
)

// shown is how often the figures of a window are shown while it goes on.
const shown = 10 * time.Second

// window watches until all new pods have been ready and within bounds for the window without a break.
func (w *watcher) window(ctx context.Context) error {
	began := time.Now()
	err := w.last(ctx, began)
	text := w.watching()
	if err == nil {
		text = w.passed()
	}
	w.Show(Step{Text: text, Verdict: verdictOf(err), Took: time.Since(began)})
	return err
}

// last watches from the beginning of a window to its end.
func (w *watcher) last(ctx context.Context, began time.Time) error {
	since, next, isFirst := began, began.Add(shown), true
	for {
		w.look(ctx)
		now := time.Now()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.check(now); err != nil {
			return err
		}
		if !w.steady {
			w.noteBreak(now.Sub(since))
			since = now
		}
		if now.Sub(since) >= w.Window && !w.isAwaited() {
			return w.judge(true)
		}
		switch {
		case isFirst:
			isFirst = false
			w.Show(Step{Text: w.watching()})
		case !now.Before(next):
			next = now.Add(shown)
			w.Show(Step{Text: w.watching() + ": " + w.figures()})
		}
		left := since.Add(w.Window).Sub(now)
		if left <= 0 || left > w.every() {
			left = w.every()
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

// noteBreak says that a window begins again which had lasted for some time.
func (w *watcher) noteBreak(lasted time.Duration) {
	why := "not the same new pods are ready as before"
	if w.unseen != nil {
		why = w.unseen.Error()
	}
	if lasted > w.every() {
		w.Note(fmt.Sprintf("gate: %s: the window of %s begins again", why, w.Window))
	}
}

// check judges what cannot improve, and that pods answer.
func (w *watcher) check(now time.Time) error {
	for _, p := range w.pods {
		if p.isAsked() && p.fails != nil && now.Sub(p.asked) > silence {
			return w.failed([]string{fmt.Sprintf("pod/%s does not tell what it counts: %v", p.name, p.fails)})
		}
	}
	return w.judge(false)
}

// isAsked says that a pod has to answer.
func (p *pod) isAsked() bool { return !p.old && !p.gone && p.ready }

// isAwaited says that a new pod has not answered the last question, or there is none.
func (w *watcher) isAwaited() bool {
	asked := false
	for _, p := range w.pods {
		if p.isAsked() && (p.fails != nil || p.started.IsZero()) {
			return true
		}
		asked = asked || p.isAsked()
	}
	return !asked
}

// judge compares the new pods with the bounds.
func (w *watcher) judge(isEnd bool) error {
	fresh := map[string]tally{}
	w.items = 0
	for _, p := range w.pods {
		if !p.old && (!p.started.IsZero() || p.restarts > 0) {
			fresh[p.name] = p.tally()
			w.items += p.tally().items
		}
	}
	w.judged = judge(w.Bounds, fresh, append(w.tallies(true), w.before...), isEnd)
	var reasons []string
	for _, c := range w.judged {
		if c.Exceeded {
			reasons = append(reasons, "pod/"+c.Pod+": "+c.String()+w.trouble(c))
		}
	}
	if isEnd && w.items < w.Bounds.MinItems {
		reasons = append(reasons, fmt.Sprintf("%s accepted %d items, fewer than %d", w.counted(), w.items, w.Bounds.MinItems))
	}
	if len(reasons) > 0 {
		return w.failed(reasons)
	}
	if isEnd && w.items == 0 {
		w.Note(fmt.Sprintf("gate: no telemetry arrived at %s within %s, so little is known of the new revision; deploy.gate.min_items asks for some",
			w.counted(), w.Window))
	}
	return nil
}

// trouble says what the exporter of a pod complains of, if that may be why a counter is out of bounds.
func (w *watcher) trouble(c Counter) string {
	for _, p := range w.pods {
		if p.name == c.Pod && p.trouble != "" && c.Name != "restarts" {
			return ": " + p.trouble
		}
	}
	return ""
}
