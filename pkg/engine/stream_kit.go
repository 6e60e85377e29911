package engine

import (
	"strings"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// kitLog follows BuildKit by its traces.
type kitLog struct {
	emit  func(image.Event)
	steps image.Steps
	// failed is the name of the step that failed.
	failed string
	known  map[string]*kitStep
}

// kitStep is a vertex of the build that is shown.
type kitStep struct {
	name  string
	state image.State
}

func (l *kitLog) take(data []byte) error {
	t, err := decodeTrace(data)
	if err != nil {
		return err
	}
	for _, v := range t.vertices {
		if isShown(v.name) {
			l.move(v)
		}
	}
	for _, line := range t.logs {
		if step := l.known[line.vertex]; step != nil {
			l.emit(image.Event{Step: line.vertex, Name: step.name, State: image.Running, Log: string(line.text)})
		}
	}
	return nil
}

// move brings a step to where its vertex is. Vertices are repeated, and what has ended stays so.
func (l *kitLog) move(v vertex) {
	step := l.step(v)
	next := stateOf(v)
	if next == step.state || next == "" || step.state != "" && step.state != image.Running {
		return
	}
	step.state = next
	event := image.Event{Step: v.digest, Name: step.name, State: next}
	switch next {
	case image.Cached:
		l.steps.Cached++
	case image.Failed:
		l.failed = step.name
	}
	if next != image.Running {
		event.Took = v.completed.Sub(v.started)
	}
	l.emit(event)
}

// step returns the step of a vertex, and counts it the first time.
func (l *kitLog) step(v vertex) *kitStep {
	if step := l.known[v.digest]; step != nil {
		return step
	}
	if l.known == nil {
		l.known = map[string]*kitStep{}
	}
	step := &kitStep{name: stepName(v.name)}
	l.known[v.digest] = step
	if !isFromStep(withoutPlace(v.name)) {
		l.steps.Total++
	}
	return step
}

// stateOf returns how far a vertex is, and nothing before it has begun. What was cancelled because
// another one failed has not ended by itself.
func stateOf(v vertex) image.State {
	switch {
	case strings.Contains(v.problem, "context canceled"):
		return ""
	case v.problem != "":
		return image.Failed
	case v.completed.IsZero() && v.started.IsZero():
		return ""
	case v.completed.IsZero():
		return image.Running
	case v.cached && !isFromStep(withoutPlace(v.name)):
		return image.Cached
	}
	return image.Done
}

// isShown says whether a vertex is an instruction of the Dockerfile: "[build 3/4] RUN make". The
// others are BuildKit's own affairs.
func isShown(name string) bool {
	place, _, found := strings.Cut(name, "] ")
	return found && strings.HasPrefix(place, "[") && strings.Contains(place, "/") && place != "[internal"
}

func withoutPlace(name string) string {
	_, text, _ := strings.Cut(name, "] ")
	return text
}
