package watch

import (
	"context"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
)

// loop judges until the rollout is done, or can no more be, or ctx ends.
func (w *waiting) loop(ctx context.Context) error {
	ticker := time.NewTicker(judged)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return w.notReady(w.verdict.State, ctx.Err())
		case u := <-w.updates:
			if err := u(); err != nil {
				return err
			}
		case <-ticker.C:
		}
		if done, err := w.judge(time.Now()); done || err != nil {
			return err
		}
	}
}

// judge looks at everything that is known.
func (w *waiting) judge(now time.Time) (done bool, err error) {
	if !w.listed["deployments"] || !w.listed["replicasets"] || !w.listed["pods"] {
		return false, nil
	}
	w.verdict = ready.Rollout(w.objects, now)
	if w.First {
		w.verdict = w.verdict.First()
	}
	if w.verdict.Phase == ready.Ready && w.ConfigHash != "" && !w.First {
		w.judgeLive(now)
	}
	if w.verdict.Phase == ready.Ready && w.Count != nil {
		w.judgeCount()
	}
	w.show()
	switch {
	case w.verdict.Phase == ready.Ready:
		return true, nil
	case w.verdict.Final:
		return false, w.notReady(w.verdict.State, nil)
	}
	return false, nil
}

// show tells what has changed since the last time.
func (w *waiting) show() {
	if w.Show == nil {
		return
	}
	for _, line := range w.verdict.Lines {
		if before, known := find(w.shown, line); !known || before != line {
			w.Show(line, false)
		}
	}
	for _, line := range w.shown {
		if _, there := find(w.verdict.Lines, line); !there {
			w.Show(line, true)
		}
	}
	w.shown = w.verdict.Lines
}

// find returns the line of the same object.
func find(lines []ready.Line, of ready.Line) (ready.Line, bool) {
	for _, line := range lines {
		if line.Kind == of.Kind && line.Name == of.Name {
			return line, true
		}
	}
	return ready.Line{}, false
}

// notReady makes the error of a rollout of which something is known.
func (w *waiting) notReady(state ready.State, ended error) error {
	e := w.Rollout.notReady(state, ended)
	e.culprit = w.verdict.Culprit
	for _, line := range w.verdict.Lines {
		if line.Phase != ready.Ready && !line.Old {
			e.Missing = append(e.Missing, line)
		}
	}
	return e
}
