package engine

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

const (
	// waitInterval is how often a container is looked at.
	waitInterval = 200 * time.Millisecond
	// hopelessRestarts is how many restarts there are before it is said that there will always be more.
	hopelessRestarts = 3
	// lastLines is how much of its log a container shows that has failed.
	lastLines = "20"

	outOfMemory = "it ran out of memory: --memory is too little for its configuration"
)

// NotReadyError says that a container runs, but is not healthy.
type NotReadyError struct {
	Name string
	// Why is what is the matter with it, Logs its last lines.
	Why, Logs string
	// Kept says how the container is that it was to replace; it is empty if there was none.
	Kept string
}

func (e *NotReadyError) Error() string {
	if e.Kept != "" {
		return fmt.Sprintf("the new %s did not become healthy: %s", e.Name, e.Why)
	}
	return fmt.Sprintf("%s is not healthy: %s", e.Name, e.Why)
}

// Hint says what has become of it.
func (e *NotReadyError) Hint() string {
	if e.Kept != "" {
		return e.Kept
	}
	return fmt.Sprintf("'otlpctl logs docker --name %[1]s' shows more, and 'otlpctl delete docker --name %[1]s' removes it", e.Name)
}

// await waits until a container is healthy.
func (e *Engine) await(ctx context.Context, name, id string, timeout time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(waitInterval)
	defer tick.Stop()
	restarts := -1 // before the wait
	why := "nothing was heard of it"
	for {
		c, err := e.api.ContainerInspect(limited, id)
		if err != nil && limited.Err() == nil {
			return fmt.Errorf("container %s: %w", name, err)
		}
		if err == nil {
			if restarts < 0 {
				restarts = c.RestartCount
			}
			var now verdict
			now, why = judge(c.State, c.RestartCount-restarts)
			if (now == pending || now == failing) && e.probe(limited, &c) {
				now = ready
			}
			switch now {
			case ready:
				return nil
			case failing, hopeless:
				return e.notReady(ctx, name, id, why)
			case pending:
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limited.Done():
			return e.notReady(ctx, name, id, fmt.Sprintf("%s after %v", why, timeout))
		case <-tick.C:
		}
	}
}

// verdict is what is to be expected of a container.
type verdict int

const (
	pending verdict = iota
	ready
	failing // as the engine found when it last checked, which may have been before a pause
	hopeless
)

// judge says what is to be expected of a container in that state, and why. restarts are those since the wait began.
func judge(s *container.State, restarts int) (verdict, string) {
	switch {
	case s.Status == container.StateRunning && healthy(s.Health):
		return ready, ""
	case s.OOMKilled:
		return hopeless, outOfMemory
	case s.Status == container.StateExited || s.Status == container.StateDead:
		return hopeless, ended(s)
	case restarts >= hopelessRestarts && s.Status == container.StateRestarting:
		return hopeless, "it keeps restarting: " + ended(s)
	case restarts >= hopelessRestarts:
		return hopeless, "it keeps restarting"
	case s.Status != container.StateRunning:
		return pending, "it is " + s.Status
	case s.Health.Status == container.Unhealthy:
		return failing, "its health check fails" + lastCheck(s.Health)
	}
	return pending, "its health check has not succeeded" + lastCheck(s.Health)
}

// healthy reports whether the engine finds a container healthy, or does not check.
func healthy(h *container.Health) bool {
	return h == nil || h.Status == container.NoHealthcheck || h.Status == container.Healthy
}

func ended(s *container.State) string {
	text := fmt.Sprintf("it ended with exit code %d", s.ExitCode)
	if s.Error != "" {
		text += ": " + s.Error
	}
	return text
}

func lastCheck(h *container.Health) string {
	if len(h.Log) == 0 {
		return ""
	}
	if said := strings.TrimSpace(h.Log[len(h.Log)-1].Output); said != "" {
		return ": " + said
	}
	return ""
}

// probe runs the health check of a container that the engine has not checked yet: its first check comes only after
// an interval.
func (e *Engine) probe(ctx context.Context, c *container.InspectResponse) bool {
	check := c.Config.Healthcheck
	if !c.State.Running || check == nil || len(check.Test) < 2 || check.Test[0] != "CMD" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, max(check.Timeout, time.Second))
	defer cancel()
	exec, err := e.api.ContainerExecCreate(ctx, c.ID, container.ExecOptions{Cmd: check.Test[1:]})
	if err != nil || e.api.ContainerExecStart(ctx, exec.ID, container.ExecStartOptions{Detach: true}) != nil {
		return false // it has ended since, or the time is over
	}
	tick := time.NewTicker(waitInterval / 4)
	defer tick.Stop()
	for {
		state, err := e.api.ContainerExecInspect(ctx, exec.ID)
		if err != nil {
			return false
		}
		if !state.Running {
			return state.ExitCode == 0
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// notReady describes a container that has failed, with its last words. That there are none is no further failure.
func (e *Engine) notReady(ctx context.Context, name, id, why string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	failed := &NotReadyError{Name: name, Why: why}
	stream, err := e.api.ContainerLogs(ctx, id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: lastLines})
	if err != nil {
		return failed
	}
	defer func() { _ = stream.Close() }()
	var text bytes.Buffer
	_, _ = stdcopy.StdCopy(&text, &text, stream)
	failed.Logs = text.String()
	return failed
}
