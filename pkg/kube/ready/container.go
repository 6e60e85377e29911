package ready

import (
	"fmt"
	"strings"
	"time"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// crashMemory is within what time two ends of a container are one trouble. The kubelet forgets as late.
const crashMemory = 10 * time.Minute

// container judges one container; nothing is found if it is as it should be.
func (j judge) container(c corev1.ContainerStatus, init bool) (State, bool) {
	switch {
	case c.State.Waiting != nil:
		return j.waiting(c, *c.State.Waiting)
	case c.State.Terminated != nil && init && c.State.Terminated.ExitCode == 0:
		return State{}, false
	case c.State.Terminated != nil:
		return j.ended(c, *c.State.Terminated), true
	case init && c.Started != nil && *c.Started: // a sidecar
		return State{}, false
	case init:
		return progressing("%sinitializes", j.named(c)), true
	case !c.Ready:
		return j.unready(c)
	}
	return State{}, false
}

// named names a container that is not the only one.
func (j judge) named(c corev1.ContainerStatus) string {
	if len(j.pod.Spec.Containers)+len(j.pod.Spec.InitContainers) <= 1 {
		return ""
	}
	return "container " + c.Name + ": "
}

// ended judges a container that has just ended, and is about to be started again or to wait for that.
func (j judge) ended(c corev1.ContainerStatus, now corev1.ContainerStateTerminated) State {
	before := c.LastTerminationState.Terminated
	if before == nil || now.FinishedAt.Sub(before.FinishedAt.Time) > crashMemory {
		return progressing("%shas ended: %s", j.named(c), exitText(j.pod, c, now))
	}
	return j.keepsEnding(c, now).finally(true)
}

// waiting judges a container that does not run.
func (j judge) waiting(c corev1.ContainerStatus, w corev1.ContainerStateWaiting) (State, bool) {
	name := j.named(c)
	switch w.Reason {
	case "InvalidImageName":
		return failed("%shas the image %q, which is no name of one", name, j.image(c)).finally(true), true
	case "ErrImageNeverPull":
		return failed("%sthe node has no image %q, and may not pull it", name, j.image(c)).finally(true), true
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed":
		return j.pull(c, w.Message), true
	case "CrashLoopBackOff":
		return j.crashLoop(c), true
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError", "PreStartHookError", "PostStartHookError":
		s := stuck("%s", because(name+"cannot start", startText(w.Message)))
		return s.finally(j.now.Sub(j.scheduled()) >= orderPatience), true
	case "PodInitializing":
		return State{}, false // the init container is what is told
	case "ContainerCreating":
		return progressing("%sis being created", name), true
	}
	return progressing("%s", because(name+"waits", strings.TrimPrefix(w.Reason+": "+w.Message, ": "))), true
}

func (j judge) image(c corev1.ContainerStatus) string {
	for _, list := range [][]corev1.Container{j.pod.Spec.InitContainers, j.pod.Spec.Containers} {
		for _, spec := range list {
			if spec.Name == c.Name {
				return spec.Image
			}
		}
	}
	return c.Image
}

// scheduled is when the pod got its node.
func (j judge) scheduled() time.Time {
	if c := podCondition(j.pod, corev1.PodScheduled); c != nil && !c.LastTransitionTime.IsZero() {
		return c.LastTransitionTime.Time
	}
	return j.pod.CreationTimestamp.Time
}

// pull judges an image that did not come. A registry that says no will say it again; one that did not
// answer is asked twice.
func (j judge) pull(c corev1.ContainerStatus, message string) State {
	reason := pullReason(message, j.image(c))
	s := failed("%s", because(fmt.Sprintf("%scannot pull the image %q", j.named(c), j.image(c)), reason))
	return s.finally(isRefusal(reason) || j.pulls(c) >= 2)
}

// pullReason returns the innermost cause: what is around it repeats the name of the image.
func pullReason(message, image string) string {
	message = oneLine(message)
	if _, after, found := strings.Cut(message, "ErrImagePull: "); found {
		message = after
	}
	for {
		_, after, found := strings.Cut(message, fmt.Sprintf("%q: ", image))
		if !found {
			return strings.TrimPrefix(message, "failed to do request: ")
		}
		message = after
	}
}

// isRefusal says that a registry has answered, and will not answer otherwise.
func isRefusal(reason string) bool {
	reason = strings.ToLower(reason)
	for _, word := range []string{"not found", "unauthorized", "denied", "forbidden", "no match for platform", "manifest unknown", "does not exist"} {
		if strings.Contains(reason, word) {
			return true
		}
	}
	return false
}

// pulls counts the attempts to pull the image of a container.
func (j judge) pulls(c corev1.ContainerStatus) (n int32) {
	for _, e := range j.events {
		if e.Reason == "Failed" && strings.HasPrefix(e.Message, "Failed to pull image \""+j.image(c)+"\"") {
			n = max(n, Times(e))
		}
	}
	return n
}

// crashLoop judges a container that has ended at least twice: the first time it is started again at
// once.
func (j judge) crashLoop(c corev1.ContainerStatus) State {
	s := failed("%skeeps ending", j.named(c))
	if last := c.LastTerminationState.Terminated; last != nil {
		s = j.keepsEnding(c, *last)
	}
	return s.finally(c.RestartCount >= 1)
}

// keepsEnding says why. What the kubelet has stopped may well have ended with 0.
func (j judge) keepsEnding(c corev1.ContainerStatus, t corev1.ContainerStateTerminated) State {
	if probe := j.killedBy(); probe != "" {
		answer, _ := j.probeEvent(strings.ToUpper(probe[:1]) + probe[1:])
		return failed("%s", because(j.named(c)+"is restarted because its "+probe+" probe fails", probeAnswer(answer.Message)))
	}
	return failed("%skeeps ending: %s", j.named(c), exitText(j.pod, c, t))
}

// exitText says how a container ended.
func exitText(p *corev1.Pod, c corev1.ContainerStatus, t corev1.ContainerStateTerminated) string {
	switch {
	case t.Reason == "OOMKilled":
		return "was killed for using more than " + memoryText(p, c.Name)
	case t.Reason == "StartError", t.Reason == "ContainerCannotRun":
		return because("cannot be started", startText(t.Message))
	case t.Signal != 0:
		return fmt.Sprintf("ended by signal %d", t.Signal)
	}
	return because(fmt.Sprintf("exit code %d", t.ExitCode), t.Message)
}

// startText leaves out through how many hands an error of the runtime went.
func startText(message string) string {
	if _, after, found := strings.Cut(message, "unable to start container process: "); found {
		message = after
	}
	return strings.TrimSuffix(message, ": unknown")
}

func memoryText(p *corev1.Pod, container string) string {
	for _, c := range p.Spec.Containers {
		limit, set := c.Resources.Limits[corev1.ResourceMemory]
		if c.Name == container && set {
			return "its " + limit.String() + " of memory"
		}
	}
	return "the memory that there is"
}
