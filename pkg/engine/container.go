package engine

import (
	"context"
	"fmt"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// NextSuffix is what the name of a container that is to replace another ends in until it has done so.
const NextSuffix = "-next"

// carrierSuffix is what the name of the container ends in that carries a configuration into its volume.
const carrierSuffix = NextSuffix + "-config"

// Reserved reports whether a name is one that only other containers of a deployment can have.
func Reserved(name string) bool {
	return strings.HasSuffix(name, NextSuffix) || strings.HasSuffix(name, carrierSuffix)
}

// find returns the container of that name, or nil. One that is not ours is an error.
func (e *Engine) find(ctx context.Context, name string) (*container.InspectResponse, error) {
	c, err := e.api.ContainerInspect(ctx, name)
	switch {
	case cerrdefs.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("container %s: %w", name, err)
	case strings.TrimPrefix(c.Name, "/") != name:
		return nil, nil // the engine has taken the name for the beginning of an ID
	case c.Config.Labels[managedLabel] != managedBy:
		return nil, hinted.New(
			fmt.Errorf("container %s was not made by otlpctl, and is left alone", name),
			"take another name with --name, or remove it with 'docker rm -f "+name+"'",
		)
	}
	return &c, nil
}

// existing is find for what has to be there.
func (e *Engine) existing(ctx context.Context, name string) (*container.InspectResponse, error) {
	c, err := e.find(ctx, name)
	if err == nil && c == nil {
		err = hinted.New(fmt.Errorf("there is no container %s", name), "'otlpctl deploy docker' makes it")
	}
	return c, err
}

// start starts a container. A port that is taken shows only now.
func (e *Engine) start(ctx context.Context, name, id string) error {
	err := e.api.ContainerStart(ctx, id, container.StartOptions{})
	if err == nil {
		return nil
	}
	if where, taken := takenPort(err.Error()); taken {
		return hinted.New(
			fmt.Errorf("start %s: %s is in use by another program or container", name, where),
			"'ss -ltnp' and 'docker ps' show which; --publish ADDRESS publishes at one address only, and --publish none nowhere",
		)
	}
	return fmt.Errorf("start %s: %w", name, err)
}

// takenPort returns the address of the port that was taken, if that is what an engine complains of. Docker names it
// after "Bind for" or, where its proxy could not listen, after "listen tcp".
func takenPort(problem string) (where string, taken bool) {
	if !strings.Contains(problem, "address already in use") && !strings.Contains(problem, "port is already allocated") {
		return "", false
	}
	for _, sign := range []string{"Bind for ", "listen tcp4 ", "listen tcp6 ", "listen tcp "} {
		if _, after, found := strings.Cut(problem, sign); found {
			where, _, _ = strings.Cut(after, " ")
			return "port " + strings.TrimSuffix(where, ":"), true
		}
	}
	return "a port", true
}

// resume lets a paused container go on.
func (e *Engine) resume(ctx context.Context, name, id string) error {
	if err := e.api.ContainerUnpause(ctx, id); err != nil {
		return fmt.Errorf("resume %s: %w", name, err)
	}
	return nil
}

// stop stops a container, which has its own time for it.
func (e *Engine) stop(ctx context.Context, name, id string) error {
	if err := e.api.ContainerStop(ctx, id, container.StopOptions{}); err != nil && !cerrdefs.IsNotFound(err) {
		return fmt.Errorf("stop %s: %w", name, err)
	}
	return nil
}

// remove removes a container, running or not. Volumes with a name stay.
func (e *Engine) remove(ctx context.Context, name, id string) error {
	err := e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !cerrdefs.IsNotFound(err) && !strings.Contains(err.Error(), "is already in progress") {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}

// create makes a container without starting it.
func (e *Engine) create(ctx context.Context, name string, r request) (id string, err error) {
	created, err := e.api.ContainerCreate(ctx, r.config, r.host, nil, nil, name)
	switch {
	case cerrdefs.IsConflict(err):
		return "", hinted.New(
			fmt.Errorf("container %s has been made by somebody else meanwhile", name),
			"another deployment may be under way: try again when it is done",
		)
	case err != nil:
		return "", fmt.Errorf("create %s: %w", name, err)
	}
	return created.ID, nil
}
