package engine

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	house "github.com/otlpctl/otlpctl/pkg/image"
)

// Action is what a deployment does to an object.
type Action string

// The actions.
const (
	Created    Action = "created"
	Configured Action = "configured"
	Unchanged  Action = "unchanged"
	Deleted    Action = "deleted"
)

// Plan is what a deployment would do. The names of its JSON fields are API.
type Plan struct {
	Name    string `json:"name"`
	Action  Action `json:"action"`
	Image   string `json:"image"`
	ImageID string `json:"image_id"`
	// Differences are between the container that there is and the one that is wanted.
	Differences []Difference `json:"differences"`
	// Interrupts says why the old container has to stop before the new one starts. It is empty if it need not,
	// or there is none.
	Interrupts string `json:"interrupts,omitempty"`

	run     Run
	request request
	current *container.InspectResponse
	// replace says that another container has to take the place of the current one.
	replace bool
	// leftover is the replacement of a deployment that was interrupted.
	leftover *container.InspectResponse
}

// Plan compares what is wanted with what there is, and changes nothing.
func (e *Engine) Plan(ctx context.Context, run Run) (*Plan, error) {
	if err := e.reachable(&run); err != nil {
		return nil, err
	}
	info, err := e.api.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("container engine at %s: %w", e.host, err)
	}
	if run.CPUs > float64(info.NCPU) {
		return nil, hinted.New(
			fmt.Errorf("%v processors are more than the engine has, which is %d", run.CPUs, info.NCPU),
			fmt.Sprintf("--cpus %d is what can be had", info.NCPU),
		)
	}
	from, err := e.imageOf(ctx, run.Image)
	if err != nil {
		return nil, err
	}
	if err := e.hasNetwork(ctx, run.Network); err != nil {
		return nil, err
	}
	ports := run.Ports
	if ports == nil && from.Config != nil {
		ports = exposedPorts(from.Config.ExposedPorts)
	}
	wanted, err := run.request(from.ID, info.LoggingDriver, ports)
	if err != nil {
		return nil, err
	}
	p := &Plan{Name: run.Name, Image: run.Image, ImageID: from.ID, run: run, request: wanted}
	if p.current, err = e.find(ctx, run.Name); err != nil {
		return nil, err
	}
	if p.leftover, err = e.interrupted(ctx, run.Name+NextSuffix); err != nil {
		return nil, err
	}
	p.decide(run.Exclusive)
	return p, nil
}

// decide says what is to be done to get what is wanted.
func (p *Plan) decide(exclusive bool) {
	p.Action = Created
	if p.current == nil {
		p.Differences = differences(nil, p.request.told)
		return
	}
	p.Differences = differences(observed(p.current), p.request.told)
	p.replace = len(p.Differences) > 0
	if p.replace && occupies(p.current.State.Status) {
		p.Interrupts = interrupts(p.current.HostConfig, p.request.host, exclusive)
	}
	if now := p.current.State.Status; !p.replace && !lives(now) {
		then := container.StateRunning
		p.Differences = append(p.Differences, Difference{Field: "state", Now: &now, Then: &then})
	}
	if p.leftover != nil {
		name := p.Name + NextSuffix
		p.Differences = append(p.Differences, Difference{Field: "interrupted_replacement", Now: &name})
	}
	p.Action = Configured
	if len(p.Differences) == 0 {
		p.Action = Unchanged
	}
}

// lives reports whether a container in that state runs, or the engine sees to it that it will.
func lives(state container.ContainerState) bool {
	return state == container.StateRunning || state == container.StateRestarting
}

// occupies reports whether a container in that state has its ports and may write its files.
func occupies(state container.ContainerState) bool {
	return lives(state) || state == container.StatePaused
}

// interrupts says why two containers cannot run side by side.
func interrupts(old, next *container.HostConfig, exclusive bool) string {
	if port := collision(old, next); port != "" {
		return "both publish " + port
	}
	if exclusive {
		return "both may write the same files in /data"
	}
	return ""
}

// reachable refuses a folder that the engine cannot mount.
func (e *Engine) reachable(r *Run) error {
	if !r.bind() {
		return nil
	}
	if !e.local() {
		return hinted.New(
			fmt.Errorf("--data %s: the container engine at %s is on another machine, and cannot mount a folder of this one", r.Data, e.host),
			"--data takes the name of a volume, too",
		)
	}
	if info, err := os.Stat(r.Data); err != nil || !info.IsDir() {
		return hinted.New(
			fmt.Errorf("--data %s is no folder", r.Data),
			fmt.Sprintf("'mkdir -p %[1]s && chown %[2]d %[1]s' makes one that the receiver can write to", r.Data, house.UID),
		)
	}
	return nil
}

// local reports whether the engine sees the files of this machine.
func (e *Engine) local() bool {
	return strings.HasPrefix(e.host, "unix://") || strings.HasPrefix(e.host, "npipe://")
}

// FirstImage returns the first of the references that the engine has an image for. If it has none, that is the first
// of all, for an error to name.
func (e *Engine) FirstImage(ctx context.Context, refs []string) string {
	for _, ref := range refs {
		if _, err := e.api.ImageInspect(ctx, ref); err == nil {
			return ref
		}
	}
	return refs[0]
}

// imageOf returns the image of that name.
func (e *Engine) imageOf(ctx context.Context, ref string) (image.InspectResponse, error) {
	found, err := e.api.ImageInspect(ctx, ref)
	switch {
	case cerrdefs.IsNotFound(err):
		return found, hinted.New(
			fmt.Errorf("the container engine has no image %s", ref),
			fmt.Sprintf("'otlpctl image build --output engine --tag %[1]s' makes it, or 'docker pull %[1]s' fetches it", ref),
		)
	case err != nil:
		return found, fmt.Errorf("image %s: %w", ref, err)
	}
	return found, nil
}

func (e *Engine) hasNetwork(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	_, err := e.api.NetworkInspect(ctx, name, network.InspectOptions{})
	switch {
	case cerrdefs.IsNotFound(err):
		return hinted.New(fmt.Errorf("the container engine has no network %s", name), "'docker network create "+name+"' makes it")
	case err != nil:
		return fmt.Errorf("network %s: %w", name, err)
	}
	return nil
}

// interrupted returns a replacement that was not completed. One that may still be is an error.
func (e *Engine) interrupted(ctx context.Context, name string) (*container.InspectResponse, error) {
	left, err := e.find(ctx, name)
	if err != nil || left == nil || lapsed(left.Config.Labels, time.Now()) {
		return left, err
	}
	return nil, hinted.New(
		fmt.Errorf("another deployment is under way: its container is %s", name),
		"wait for it; if it was killed, what it left is cleaned up after "+left.Config.Labels[untilLabel],
	)
}
