package watch

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// PodDescription is all that is known of a pod. In JSON it is API.
type PodDescription struct {
	PodStatus

	Containers []Container `json:"containers"`
	// Report is what the pod says on /status; nil if it was not asked, or not to be reached.
	Report *Report `json:"status,omitempty"`
	// ReportProblem is why it could not be asked.
	ReportProblem string `json:"status_problem,omitempty"`
}

// Container is how a container of a pod is. In JSON it is API.
type Container struct {
	Name string `json:"name"`
	Init bool   `json:"init,omitempty"`
	// State is running, waiting or terminated.
	State    string     `json:"state"`
	Since    *time.Time `json:"since,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	Message  string     `json:"message,omitempty"`
	Ready    bool       `json:"ready"`
	Restarts int32      `json:"restarts"`
	// Last is how it ended the last time that it did; nil if it never has.
	Last *Termination `json:"last_termination,omitempty"`
}

// Termination is an end of a container. In JSON it is API.
type Termination struct {
	Reason   string    `json:"reason,omitempty"`
	ExitCode int32     `json:"exit_code"`
	Signal   int32     `json:"signal,omitempty"`
	Finished time.Time `json:"finished"`
	Message  string    `json:"message,omitempty"`
}

// Report is what a receiver says of itself on /status, as far as it is part of a description. Its fields have
// the names that they have there.
type Report struct {
	Version string  `json:"version"`
	Uptime  float64 `json:"uptime_seconds"`
	Healthy bool    `json:"healthy"`
	Ready   bool    `json:"ready"`
	Reason  string  `json:"reason,omitempty"`
	Config  struct {
		Generation int64  `json:"generation"`
		Hash       string `json:"hash"`
		Problem    string `json:"problem,omitempty"`
	} `json:"config"`
	Exporters []ExporterReport `json:"exporters"`
}

// ExporterReport is what a receiver says of one of its exporters.
type ExporterReport struct {
	Name    string `json:"name"`
	Healthy bool   `json:"healthy"`
	Error   string `json:"error,omitempty"`
	Queue   struct {
		Items  int64   `json:"items"`
		Oldest float64 `json:"oldest_age_seconds"`
	} `json:"queue"`
	Books map[string]Books `json:"books"` // by signal
}

// Books are the items of a signal that an exporter was given, and what has become of them.
type Books struct {
	Accepted int64            `json:"accepted"`
	Exported int64            `json:"exported"`
	Queued   int64            `json:"queued"`
	Spooled  int64            `json:"spooled"`
	Rejected int64            `json:"rejected_by_backend"`
	Dropped  map[string]int64 `json:"dropped"` // by reason
}

// describePods describes pods that have a status already, and asks those that run what they say.
func (l *look) describePods(ctx context.Context, known []PodStatus) []PodDescription {
	all := make([]PodDescription, len(known))
	var asking sync.WaitGroup
	for i, status := range known {
		all[i].PodStatus = status
		pod := l.pod(status.Name)
		if pod == nil {
			continue
		}
		all[i].Containers = containers(pod)
		if isRunning(pod) {
			asking.Go(func() {
				report, err := Ask[Report](ctx, l.api, pod)
				if all[i].Report = report; err != nil {
					all[i].Report, all[i].ReportProblem = nil, err.Error()
				}
			})
		}
	}
	asking.Wait()
	return all
}

func (l *look) pod(name string) *corev1.Pod {
	for _, p := range l.objects.Pods {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// isRunning says that the receiver of a pod can be asked.
func isRunning(pod *corev1.Pod) bool {
	for _, c := range pod.Status.ContainerStatuses {
		if c.Name == receiver {
			return c.State.Running != nil
		}
	}
	return false
}

func containers(pod *corev1.Pod) []Container {
	all := []Container{}
	for _, c := range pod.Status.InitContainerStatuses {
		all = append(all, container(c, true))
	}
	for _, c := range pod.Status.ContainerStatuses {
		all = append(all, container(c, false))
	}
	return all
}

func container(s corev1.ContainerStatus, init bool) Container {
	c := Container{Name: s.Name, Init: init, Ready: s.Ready, Restarts: s.RestartCount, State: "waiting"}
	switch now := s.State; {
	case now.Running != nil:
		c.State, c.Since = "running", new(now.Running.StartedAt.UTC())
	case now.Terminated != nil:
		c.State, c.Since = "terminated", new(now.Terminated.FinishedAt.UTC())
		c.Reason, c.Message = now.Terminated.Reason, strings.TrimSpace(now.Terminated.Message)
		c.Last = termination(now.Terminated)
	case now.Waiting != nil:
		c.Reason, c.Message = now.Waiting.Reason, strings.TrimSpace(now.Waiting.Message)
	}
	if last := s.LastTerminationState.Terminated; last != nil && c.Last == nil {
		c.Last = termination(last)
	}
	return c
}

func termination(t *corev1.ContainerStateTerminated) *Termination {
	return &Termination{t.Reason, t.ExitCode, t.Signal, t.FinishedAt.UTC(), strings.TrimSpace(t.Message)}
}

// asks says in a few words what a probe does.
func asks(h corev1.ProbeHandler) string {
	switch {
	case h.HTTPGet != nil:
		scheme := strings.ToLower(string(h.HTTPGet.Scheme))
		if scheme == "" {
			scheme = "http"
		}
		return fmt.Sprintf("GET %s :%s%s", scheme, h.HTTPGet.Port.String(), h.HTTPGet.Path)
	case h.Exec != nil:
		return strings.Join(h.Exec.Command, " ")
	case h.GRPC != nil:
		return fmt.Sprintf("gRPC :%d", h.GRPC.Port)
	case h.TCPSocket != nil:
		return "connect :" + h.TCPSocket.Port.String()
	}
	return "nothing"
}
