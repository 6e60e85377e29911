package image

import "time"

// State is how far a step of a build has come.
type State string

// The states. Those after Running are final.
const (
	Running State = "running"
	Done    State = "done"
	Cached  State = "cached" // it has the result of an earlier build
	Failed  State = "failed"
)

// Event is what happens to a step of a build: it begins, says something, or ends. Steps may run side by
// side, and their events come as they happen.
type Event struct {
	// Step identifies the step within the build.
	Step string
	// Name says what the step does, on one line: "[build 3/4] RUN go build".
	Name  string
	State State
	// Took is how long the step ran, once it has ended.
	Took time.Duration
	// Log is what the step has printed since the last event: any number of lines, perhaps with an
	// incomplete one at the end.
	Log string
}
