package ready

import (
	"strings"
	"time"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// Pod judges a pod. The events are those of the pod: some causes, such as what a probe was answered, stand
// nowhere else. Without them the verdict is the same or later.
func Pod(p *corev1.Pod, events []corev1.Event, now time.Time) State {
	j := judge{pod: p, events: events, now: now}
	switch {
	case p.DeletionTimestamp != nil:
		return progressing("is stopping")
	case p.Status.Phase == corev1.PodFailed:
		return failed("%s", because(endedWord(p.Status.Reason), p.Status.Message))
	case p.Status.Phase == corev1.PodSucceeded:
		return failed("has ended, and is replaced")
	}
	if c := podCondition(p, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse {
		return j.unscheduled(c)
	}
	if s, found := j.notStarted(); found {
		return s
	}
	for _, c := range p.Status.InitContainerStatuses {
		if s, found := j.container(c, true); found {
			return s
		}
	}
	for _, c := range p.Status.ContainerStatuses {
		if s, found := j.container(c, false); found {
			return s
		}
	}
	return j.whole()
}

// judge is what a pod is judged by.
type judge struct {
	pod    *corev1.Pod
	events []corev1.Event
	now    time.Time
}

// endedWord says how a pod ended that no container has brought down.
func endedWord(reason string) string {
	switch reason {
	case "":
		return "has failed"
	case "Evicted":
		return "was evicted"
	case "Preempting", "Preempted":
		return "had to make room for another pod"
	case "NodeLost", "NodeShutdown", "Terminated":
		return "has lost its node"
	}
	return "has failed (" + reason + ")"
}

// unscheduled judges a pod that has no node.
func (j judge) unscheduled(c *corev1.PodCondition) State {
	if c.Reason == corev1.PodReasonSchedulingGated {
		return stuck("%s", because("waits for who holds its scheduling gate", c.Message)).finally(true)
	}
	reason, _, _ := strings.Cut(c.Message, ". ") // what follows is about pods that could be driven out
	s := stuck("%s", because("fits on no node", reason))
	s.room = true
	scaling, found := j.event("TriggeredScaleUp")
	if found && j.now.Sub(EventTime(scaling)) < 10*time.Minute {
		return progressing("%s", because("waits for a new node", scaling.Message))
	}
	return s.finally(j.now.Sub(c.LastTransitionTime.Time) >= roomPatience)
}

// notStarted judges a pod whose containers cannot begin, for lack of a volume or a network.
func (j judge) notStarted() (State, bool) {
	for _, c := range j.pod.Status.ContainerStatuses {
		if c.State.Running != nil || c.State.Terminated != nil || c.RestartCount > 0 {
			return State{}, false
		}
	}
	for _, reason := range []string{"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"} {
		e, found := j.event(reason)
		if !found || j.now.Sub(EventTime(e)) > 3*time.Minute || j.beganAfter(e) {
			continue
		}
		s := stuck("%s", because("cannot start", mountText(e.Message)))
		return s.finally(isMissing(e.Message) && EventTime(e).Sub(firstTime(e)) >= orderPatience), true
	}
	return State{}, false
}

// beganAfter says that a container had its volumes since: an image is pulled last.
func (j judge) beganAfter(e corev1.Event) bool {
	c := podCondition(j.pod, corev1.PodReadyToStartContainers)
	return c != nil && c.Status == corev1.ConditionTrue && !c.LastTransitionTime.Time.Before(EventTime(e).Truncate(time.Second))
}

// whole judges a pod whose containers are all right, each by itself.
func (j judge) whole() State {
	c := podCondition(j.pod, corev1.PodReady)
	switch {
	case c != nil && c.Status == corev1.ConditionTrue:
		return ready("is ready")
	case len(j.pod.Status.ContainerStatuses) == 0 && j.pod.Spec.NodeName == "":
		return progressing("waits for a node")
	case len(j.pod.Status.ContainerStatuses) == 0:
		return progressing("has a node, which has not begun")
	case c != nil && c.Reason == "ReadinessGatesNotReady":
		return stuck("%s", because("waits for a readiness gate", c.Message))
	case c != nil && j.pod.Status.Reason == "NodeLost":
		return stuck("has lost its node")
	case c != nil && c.Reason == "ContainersNotReady", c == nil:
		return progressing("starts")
	}
	return stuck("%s", because("is not ready", c.Message))
}

func podCondition(p *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i, c := range p.Status.Conditions {
		if c.Type == kind {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}
