package ready

import (
	"strings"
	"time"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// leastProbing is how long a container may be unready in any case.
const leastProbing = time.Minute

// unready judges a container that runs and is not ready.
func (j judge) unready(c corev1.ContainerStatus) (State, bool) {
	name, spec := j.named(c), j.spec(c.Name)
	if c.Started == nil || !*c.Started {
		return j.starting(c, name), true
	}
	if c.RestartCount > 0 {
		name += restarts(c) + ", "
	}
	answer, said := j.probeEvent("Readiness")
	if said && c.State.Running != nil && EventTime(answer).Before(c.State.Running.StartedAt.Time) {
		answer, said = corev1.Event{}, false // it is about the container before
	}
	if spec == nil || spec.ReadinessProbe == nil || c.State.Running == nil {
		return progressing("%sis not ready yet", name), true
	}
	running := j.now.Sub(c.State.Running.StartedAt.Time)
	vain := running >= max(leastProbing, 3*probeTime(spec.ReadinessProbe))
	if !said && !vain {
		return progressing("%sis not ready yet", name), true
	}
	s := progressing("%s", because(name+"is not ready", probeAnswer(answer.Message)))
	if vain {
		s = stuck("%s", because(name+"is not ready after "+running.Round(time.Second).String(), probeAnswer(answer.Message)))
	}
	return s.finally(vain), true
}

func (j judge) spec(container string) *corev1.Container {
	for i, c := range j.pod.Spec.Containers {
		if c.Name == container {
			return &j.pod.Spec.Containers[i]
		}
	}
	return nil
}

// starting judges a container whose startup probe has not succeeded.
func (j judge) starting(c corev1.ContainerStatus, name string) State {
	answer, _ := j.probeEvent("Startup")
	if c.RestartCount > 0 && j.killedBy() == "startup" {
		return j.keepsEnding(c, corev1.ContainerStateTerminated{}).finally(true)
	}
	if c.RestartCount > 0 {
		name += restarts(c) + ", "
	}
	return progressing("%s", because(name+"is not up yet", probeAnswer(answer.Message)))
}

// restarts says how often a container that runs has ended before, and how the last time.
func restarts(c corev1.ContainerStatus) string {
	text := "after " + counted(c.RestartCount, "restart")
	if t := c.LastTerminationState.Terminated; t != nil && t.Reason == "OOMKilled" {
		text += " for lack of memory"
	}
	return text
}

// probeTime is how long a probe takes to find that something is wrong.
func probeTime(p *corev1.Probe) time.Duration {
	period, failures := max(p.PeriodSeconds, 1), max(p.FailureThreshold, 1)
	return time.Duration(p.InitialDelaySeconds+period*failures) * time.Second
}

// probeAnswer leaves out of an event what says that it is about a probe.
func probeAnswer(message string) string {
	if _, after, found := strings.Cut(message, " probe failed: "); found {
		return after
	}
	return message
}

// killedBy returns the probe because of which the kubelet has stopped a container lately, such as
// "liveness", or nothing.
func (j judge) killedBy() string {
	kill, found := j.event("Killing")
	if !found || j.now.Sub(EventTime(kill)) > crashMemory {
		return ""
	}
	_, after, _ := strings.Cut(kill.Message, " failed ")
	probe, _, isProbe := strings.Cut(after, " probe")
	if !isProbe {
		return ""
	}
	return probe
}
