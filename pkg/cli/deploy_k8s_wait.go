package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// waitK8s waits until the pods of a set are ready, shows how far they have come, and what stands in
// their way.
func waitK8s(ctx context.Context, s term.Streams, c *kube.Client, set kube.Set, timeout time.Duration) error {
	p := rolloutProgress{Progress: term.NewProgress(s.Err), began: map[string]time.Time{}, old: map[string]bool{}}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := watch.Rollout{
		API: c, Namespace: set.Namespace, Name: set.Name, ConfigHash: set.LiveHash(),
		Show: p.show, Note: func(text string) { _, _ = fmt.Fprintln(s.Err, text) },
	}.Wait(limited)
	p.end(err == nil)
	if late, ok := errors.AsType[*watch.NotReadyError](err); ok && late.Cause != nil {
		printCause(s, late.Cause)
	}
	return err
}

// rolloutProgress shows the tree of a rollout.
type rolloutProgress struct {
	*term.Progress
	began map[string]time.Time
	old   map[string]bool // of an earlier revision, and still there
}

// end ends the showing. What is left of an earlier revision is on its way out once the rollout is done.
func (p rolloutProgress) end(done bool) {
	for id := range p.old {
		if done {
			p.Update(term.Step{ID: id, State: term.StepDone, Took: time.Since(p.began[id])})
		}
	}
	p.Close()
}

func (p rolloutProgress) show(line ready.Line, gone bool) {
	id := line.Kind + "/" + line.Name
	if _, known := p.began[id]; !known {
		p.began[id] = time.Now()
	}
	step := term.Step{ID: id, Text: strings.Repeat("  ", line.Depth) + id, Log: line.Why + "\n"}
	delete(p.old, id)
	switch {
	case line.Old && !gone:
		step.Text += " (before)"
		p.old[id] = true
	case gone, line.Phase == ready.Ready:
		step.State = term.StepDone
	case line.Final:
		step.State = term.StepFailed
	}
	step.Took = time.Since(p.began[id])
	p.Update(step)
}

// printCause shows what a pod tells that stands in the way.
func printCause(s term.Streams, c *watch.Cause) {
	lines := []string{"pod/" + c.Pod + ":"}
	for _, e := range c.Events {
		lines = append(lines, "  "+e.Reason+": "+e.Message)
	}
	for _, log := range []struct {
		title string
		lines []string
	}{{"last lines of the log of the container before:", c.PreviousLog}, {"last lines of its log:", c.Log}} {
		if len(log.lines) == 0 {
			continue
		}
		lines = append(lines, "  "+log.title)
		for _, line := range log.lines {
			lines = append(lines, "    "+line)
		}
	}
	_, _ = fmt.Fprintln(s.Err, strings.Join(lines, "\n"))
}
