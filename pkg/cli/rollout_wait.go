package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// waitForRollout waits until the pods of a deployment are new and ready, and shows how they get there. If
// they do not, it shows what the pod tells that is in the way, and its error has the exit code.
func waitForRollout(ctx context.Context, s term.Streams, r watch.Rollout, timeout time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tree := newRolloutTree(s)
	r.Show, r.Note = tree.show, tree.progress.Note
	err := r.Wait(limited)
	tree.close(err)
	failed, ok := errors.AsType[*watch.NotReadyError](err)
	switch {
	case !ok:
		return err
	case failed.Interrupted():
		return coded{err, exitInterrupted}
	}
	showCause(s.Err, failed.Cause)
	return coded{err, exitNotReady}
}

// rolloutTree shows a line for each object of a rollout.
type rolloutTree struct {
	progress *term.Progress
	lines    map[string]treeLine // by kind and name
	order    []string            // their keys
}

// treeLine is a step of the progress. An object that is ready and later no more is another step.
type treeLine struct {
	term.Step

	began time.Time
	old   bool
}

func newRolloutTree(s term.Streams) *rolloutTree {
	return &rolloutTree{progress: term.NewProgress(s.Err), lines: map[string]treeLine{}}
}

// show puts a line where it belongs. What is older than the rollout and well is not worth one.
func (t *rolloutTree) show(line ready.Line, gone bool) {
	key := line.Kind + "/" + line.Name
	step, known := t.lines[key]
	if !known && (gone || line.Old && (line.Phase == ready.Ready || line.Kind == "replicaset")) {
		return
	}
	state := stepState(line, gone)
	if !known {
		t.order = append(t.order, key)
	}
	if !known || step.State != term.StepRunning && state != step.State {
		step = treeLine{Step: term.Step{ID: key + "#" + strconv.Itoa(len(step.ID))}, began: time.Now()}
	}
	step.Text, step.State, step.Took, step.old = treeText(line, gone), state, time.Since(step.began), line.Old
	t.lines[key] = step
	t.progress.Update(step.Step)
}

// treeText indents an object as deep as it is in the tree.
func treeText(line ready.Line, gone bool) string {
	text := strings.Repeat("  ", line.Depth) + line.Kind + "/" + line.Name
	if line.Node != "" {
		text += " on " + line.Node
	}
	if line.Old {
		text += " (old)"
	}
	if gone {
		return text + ": is gone"
	}
	return text + ": " + line.Why
}

func stepState(line ready.Line, gone bool) term.StepState {
	switch {
	case gone, line.Phase == ready.Ready:
		return term.StepDone
	case line.Final:
		return term.StepFailed
	}
	return term.StepRunning
}

// close ends the tree with what came of the waiting. What is left of the old pods is on its way out once
// the new ones are ready; what still begins has failed, unless only the waiting has ended.
func (t *rolloutTree) close(err error) {
	failed, _ := errors.AsType[*watch.NotReadyError](err)
	for _, key := range t.order {
		step := t.lines[key]
		switch {
		case step.State != term.StepRunning:
			continue
		case err == nil:
			step.State = term.StepDone
		case failed != nil && failed.State.Final && !step.old:
			step.State = term.StepFailed
		default:
			continue
		}
		step.Took = time.Since(step.began)
		t.progress.Update(step.Step)
	}
	t.progress.Close()
}

// showCause shows what a pod tells that is in the way.
func showCause(w *term.Output, c *watch.Cause) {
	if c == nil {
		return
	}
	if len(c.Events) > 0 {
		_, _ = fmt.Fprintf(w, "last events of pod/%s:\n", c.Pod)
	}
	for _, e := range c.Events {
		_, _ = fmt.Fprintln(w, "  "+w.Printable(eventLine(e)))
	}
	title := "last lines of the log of " + c.Container + " in pod/" + c.Pod
	printLog(w, title+", before it was restarted", c.PreviousLog)
	printLog(w, title, c.Log)
}

func eventLine(e watch.Event) string {
	line := e.Time.Local().Format(time.TimeOnly) + "  " + e.Reason + "  " + strings.Join(strings.Fields(e.Message), " ")
	if e.Count > 1 {
		line += fmt.Sprintf(" (%d times)", e.Count)
	}
	return line
}

func printLog(w *term.Output, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w, title+":")
	for _, line := range lines {
		_, _ = fmt.Fprintln(w, "  "+w.Printable(line))
	}
}
