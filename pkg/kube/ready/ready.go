// Package ready judges Kubernetes objects: how far each has come, why, and whether waiting can change
// that. It is pure: what it says depends on the objects and the time that it is given, and on nothing
// else.
package ready

import (
	"fmt"
	"strings"
	"time"
)

// Phase is how far an object has come. The names are API.
type Phase string

// The phases.
const (
	Ready       Phase = "ready"
	Progressing Phase = "progressing"
	// Stuck objects wait for something that does not come by itself.
	Stuck Phase = "stuck"
	// Failed objects have tried, and did not succeed.
	Failed Phase = "failed"
)

// State is a verdict on one object.
type State struct {
	Phase Phase `json:"phase"`
	// Why is the reason, in half a sentence that the name of the object begins.
	Why string `json:"why,omitempty"`
	// Final says that waiting does not improve the object: somebody has to change something.
	Final bool `json:"final,omitempty"`

	// room says that all that the object lacks is room, which pods that stop make.
	room bool
}

// How long something may last that often passes, before waiting for it is vain.
const (
	// roomPatience is for processors, memory and quota, which other pods may free, and nodes that an
	// autoscaler may add.
	roomPatience = 30 * time.Second
	// orderPatience is for objects that refer to others which are made a moment later.
	orderPatience = 10 * time.Second
)

func ready(format string, args ...any) State {
	return State{Phase: Ready, Why: fmt.Sprintf(format, args...)}
}

func progressing(format string, args ...any) State {
	return State{Phase: Progressing, Why: fmt.Sprintf(format, args...)}
}

func stuck(format string, args ...any) State {
	return State{Phase: Stuck, Why: fmt.Sprintf(format, args...)}
}

func failed(format string, args ...any) State {
	return State{Phase: Failed, Why: fmt.Sprintf(format, args...)}
}

// finally returns the state as one that waiting does not improve, if that is so.
func (s State) finally(isSo bool) State {
	s.Final = isSo
	return s
}

// counted returns a number with its noun.
func counted(n int32, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// oneLine makes what a cluster says fit into a sentence.
func oneLine(text string) string {
	return strings.TrimRight(strings.Join(strings.Fields(text), " "), ".")
}

// because puts a reason behind a text, if there is one.
func because(text, reason string) string {
	if reason = oneLine(reason); reason != "" {
		return text + ": " + reason
	}
	return text
}
