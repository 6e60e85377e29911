package watch

import (
	"cmp"
	"context"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/pkg/kube/ready"
	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

const (
	// causeTimeout bounds the gathering of a cause, for which the time of the waiting may be up.
	causeTimeout = 5 * time.Second
	// lastLines are how many lines of a log are part of a cause.
	lastLines = 20
	// lastBytes are how much of a log is read for them.
	lastBytes = 64 << 10
	// lastEvents are how many events are.
	lastEvents = 5
	// lostLog begins what a kubelet sends as the log of a container that it has removed.
	lostLog = "unable to retrieve container logs"
)

// Cause is what a pod tells that stands in the way of a rollout. In JSON it is API.
type Cause struct {
	Pod       string  `json:"pod"`
	Node      string  `json:"node,omitempty"`
	Container string  `json:"container,omitempty"`
	Events    []Event `json:"events,omitempty"`
	// Log has the last lines of the container, PreviousLog those of the one that ended before it.
	Log         []string `json:"log,omitempty"`
	PreviousLog []string `json:"previous_log,omitempty"`
}

// Event is something that happened to a pod. In JSON it is API.
type Event struct {
	Time    time.Time `json:"time"`
	Type    string    `json:"type"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Count   int32     `json:"count"`
}

// cause gathers what a pod tells. What cannot be read is left out: the verdict stands without.
func (r Rollout) cause(ctx context.Context, e *NotReadyError) *Cause {
	pod := e.culprit
	if pod == nil || e.Interrupted() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), causeTimeout)
	defer cancel()
	c := &Cause{Pod: pod.Name, Node: pod.Spec.NodeName, Events: r.events(ctx, pod)}
	status, found := badContainer(pod)
	if !found {
		return c
	}
	c.Container = status.Name
	if status.State.Waiting == nil {
		c.Log = r.lastLog(ctx, pod, status.Name, false)
	}
	if status.LastTerminationState.Terminated != nil {
		c.PreviousLog = r.lastLog(ctx, pod, status.Name, true)
	}
	return c
}

// badContainer returns the first container that is not as it should be.
func badContainer(pod *corev1.Pod) (corev1.ContainerStatus, bool) {
	for _, c := range pod.Status.InitContainerStatuses {
		if done := c.State.Terminated; !c.Ready && (done == nil || done.ExitCode != 0) {
			return c, true
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		if !c.Ready {
			return c, true
		}
	}
	return corev1.ContainerStatus{}, false
}

func (r Rollout) events(ctx context.Context, pod *corev1.Pod) []Event {
	query := url.Values{"fieldSelector": {"involvedObject.uid=" + string(pod.UID) + "," + notRoutine}}
	all, err := list[corev1.Event](ctx, r.API, at(core, r.Namespace, "events"), query)
	if err != nil {
		return nil
	}
	events := make([]Event, 0, len(all.Items))
	for _, e := range all.Items {
		events = append(events, Event{ready.EventTime(*e), e.Type, e.Reason, strings.TrimSpace(e.Message), ready.Times(*e)})
	}
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.Time.Unix(), b.Time.Unix()) })
	return events[max(0, len(events)-lastEvents):]
}

func (r Rollout) lastLog(ctx context.Context, pod *corev1.Pod, container string, previous bool) []string {
	body, err := r.API.Get(ctx, at(core, r.Namespace, "pods", pod.Name, "log"), url.Values{
		"container": {container}, "previous": {strconv.FormatBool(previous)},
		"tailLines": {strconv.Itoa(lastLines)}, "limitBytes": {strconv.Itoa(lastBytes)},
	})
	if err != nil {
		return nil
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(io.LimitReader(body, lastBytes))
	if err != nil || len(text) == 0 || strings.HasPrefix(string(text), lostLog) {
		return nil
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")
}
