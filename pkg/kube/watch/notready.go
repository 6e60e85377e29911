package watch

import (
	"context"
	"errors"
	"fmt"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// NotReadyError says why a rollout is not waited for any longer.
type NotReadyError struct {
	Namespace, Name string
	// State is that of the rollout at the end.
	State ready.State
	// Missing are the objects of the new revision that were not ready at the end.
	Missing []ready.Line
	// Cause is what the pod tells that stands in the way; nil if there is none, and after an interruption.
	Cause *Cause

	culprit *corev1.Pod
	ended   error // that of the context, if that is why
}

func (r Rollout) notReady(state ready.State, ended error) *NotReadyError {
	return &NotReadyError{Namespace: r.Namespace, Name: r.Name, State: state, ended: ended}
}

// Error says in a line what is not ready, and why.
func (e *NotReadyError) Error() string {
	name := "deployment/" + e.Name + " in " + e.Namespace
	switch {
	case e.TimedOut():
		return name + " is not ready in time: " + e.Progress()
	case e.Interrupted():
		return "stopped waiting for " + name + ": " + e.Progress()
	}
	return name + " is not ready: " + e.State.Why
}

// Progress says how far the rollout has come, and what the first pod lacks that is not ready.
func (e *NotReadyError) Progress() string {
	text := e.State.Why
	if text == "" {
		text = "nothing is known of its pods yet"
	}
	for _, line := range e.Missing {
		if line.Kind == "pod" {
			return fmt.Sprintf("%s; pod/%s: %s", text, line.Name, line.Why)
		}
	}
	return text
}

// Hint says how to go on.
func (e *NotReadyError) Hint() string {
	look := fmt.Sprintf("otlpctl status k8s -n %s --name %s", e.Namespace, e.Name)
	switch {
	case e.Interrupted():
		return "the rollout goes on in the cluster: " + look + " shows how it is, and with --wait waits for it"
	case e.TimedOut():
		return "the rollout goes on in the cluster: " + look + " shows how it is, and --timeout gives it longer"
	}
	return look + " shows all of it"
}

// TimedOut says that the time was up.
func (e *NotReadyError) TimedOut() bool { return errors.Is(e.ended, context.DeadlineExceeded) }

// Interrupted says that nobody wanted to wait any longer.
func (e *NotReadyError) Interrupted() bool { return errors.Is(e.ended, context.Canceled) }

// Unwrap returns the error of the context, if that has ended the waiting.
func (e *NotReadyError) Unwrap() error { return e.ended }
