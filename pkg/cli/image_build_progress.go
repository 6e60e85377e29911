package cli

import (
	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// buildProgress shows the steps of a build on standard error.
type buildProgress struct{ *term.Progress }

func newBuildProgress(s term.Streams) buildProgress { return buildProgress{term.NewProgress(s.Err)} }

func (p buildProgress) show(e image.Event) {
	states := map[image.State]term.StepState{
		image.Running: term.StepRunning, image.Done: term.StepDone, image.Cached: term.StepCached, image.Failed: term.StepFailed,
	}
	p.Update(term.Step{ID: e.Step, Text: e.Name, State: states[e.State], Took: e.Took, Log: e.Log})
}
