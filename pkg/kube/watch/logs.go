package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// Logs are those of all pods of a Deployment.
type Logs struct {
	API             API
	Namespace, Name string
	// Container is which one; empty is the receiver, or what a pod says is its main one.
	Container string
	// Previous reads what the containers have printed that ended before those that run.
	Previous bool
	// Since leaves out what is older; 0 does not.
	Since time.Duration
	// Tail is how many of the last lines of each pod are read; nil is all.
	Tail *int64
	// Line takes each line. An error from it ends the reading.
	Line func(LogLine) error
	// Note is told what could not be read.
	Note func(string)
}

// Read reads what there is, in the order of time.
func (l Logs) Read(ctx context.Context) error {
	query, err := l.selector(ctx)
	if err != nil {
		return err
	}
	pods, err := l.pods(ctx, query)
	if err != nil {
		return err
	}
	if len(pods) == 0 {
		return fmt.Errorf("deployment/%s in %s has no pods", l.Name, l.Namespace)
	}
	var streams []*logStream
	defer func() {
		for _, s := range streams {
			_ = s.body.Close()
		}
	}()
	for _, pod := range pods {
		s, err := l.open(ctx, pod, l.query(pod))
		if isNotStarted(err) {
			l.Note("pod/" + pod.Name + ": " + err.Error())
			continue
		}
		if err != nil {
			return fmt.Errorf("the log of pod/%s: %w", pod.Name, err)
		}
		streams = append(streams, s)
	}
	if len(streams) == 0 && l.Previous {
		return fmt.Errorf("no container of deployment/%s in %s has ended before", l.Name, l.Namespace)
	}
	return l.merge(streams)
}

// pods returns the pods that there are, the oldest first. It is an error if they have no such container.
func (l Logs) pods(ctx context.Context, query url.Values) ([]*corev1.Pod, error) {
	all, err := list[corev1.Pod](ctx, l.API, at(core, l.Namespace, "pods"), query)
	if err != nil {
		return nil, err
	}
	pods := all.Items
	slices.SortFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	var names []string
	for _, pod := range pods {
		for _, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
			names = append(names, c.Name)
		}
	}
	if l.Container != "" && len(pods) > 0 && !slices.Contains(names, l.Container) {
		slices.Sort(names)
		return nil, fmt.Errorf("the pods have no container %q, but %s", l.Container, strings.Join(slices.Compact(names), ", "))
	}
	return pods, nil
}

// selector returns the query for the pods of the Deployment.
func (l Logs) selector(ctx context.Context) (url.Values, error) {
	_, query, err := deploymentOf(ctx, l.API, l.Namespace, l.Name)
	return query, err
}

// query asks for the log of a pod as l wants it.
func (l Logs) query(pod *corev1.Pod) url.Values {
	query := url.Values{"container": {l.container(pod)}, "timestamps": {"true"}}
	if l.Previous {
		query.Set("previous", "true")
	}
	if l.Since > 0 {
		query.Set("sinceSeconds", strconv.Itoa(max(1, int(l.Since.Seconds()))))
	}
	if l.Tail != nil {
		query.Set("tailLines", strconv.FormatInt(*l.Tail, 10))
	}
	return query
}

// container returns which container of a pod is read.
func (l Logs) container(pod *corev1.Pod) string {
	if l.Container != "" {
		return l.Container
	}
	if name := pod.Annotations["kubectl.kubernetes.io/default-container"]; name != "" {
		return name
	}
	for _, c := range pod.Spec.Containers {
		if c.Name == receiver {
			return receiver
		}
	}
	if len(pod.Spec.Containers) == 0 {
		return receiver
	}
	return pod.Spec.Containers[0].Name
}

// logStream is the log of one pod, with the line that comes next.
type logStream struct {
	*logReader
	body io.Closer
	line LogLine
}

func (l Logs) open(ctx context.Context, pod *corev1.Pod, query url.Values) (*logStream, error) {
	body, err := l.API.Get(ctx, at(core, l.Namespace, "pods", pod.Name, "log"), query)
	if err != nil {
		return nil, err
	}
	return &logStream{logReader: newLogReader(pod.Name, body), body: body}, nil
}

// isNotStarted says that a container has no log yet, or none any more.
func isNotStarted(err error) bool {
	status := statusOf(err)
	return status == http.StatusBadRequest || status == http.StatusNotFound
}

// merge brings the lines of several logs into the order of their times.
func (l Logs) merge(streams []*logStream) error {
	var open []*logStream
	for _, s := range streams {
		more, err := s.advance()
		if err != nil {
			return err
		}
		if more {
			open = append(open, s)
		}
	}
	for len(open) > 0 {
		first := 0
		for i, s := range open {
			if s.line.Time.Before(open[first].line.Time) {
				first = i
			}
		}
		if err := l.Line(open[first].line); err != nil {
			return err
		}
		more, err := open[first].advance()
		if err != nil {
			return err
		}
		if !more {
			open = slices.Delete(open, first, first+1)
		}
	}
	return nil
}

// advance reads the next line. A line without a time belongs to the one before it.
func (s *logStream) advance() (more bool, err error) {
	before := s.line.Time
	s.line, err = s.next()
	switch {
	case errors.Is(err, io.EOF):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("the log of pod/%s: %w", s.pod, err)
	}
	if s.line.Time.IsZero() {
		s.line.Time = before
	}
	return true, nil
}
