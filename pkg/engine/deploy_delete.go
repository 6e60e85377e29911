package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	cerrdefs "github.com/containerd/errdefs"

	house "github.com/otlpctl/otlpctl/pkg/image"
)

// Kinds of objects that a deployment consists of.
const (
	containerKind = "container"
	volumeKind    = "volume"
)

// Object is a part of a deployment. The names of its JSON fields are API.
type Object struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Action Action `json:"action,omitempty"`

	id string
	// files is the volume with the container's configuration, which goes with it.
	files string
}

// String returns the object as it is shown.
func (o Object) String() string { return o.Kind + "/" + o.Name }

// Deployed returns what there is of a deployment: its container, what an interrupted replacement has left, and the
// volume with its data, which may be all that is left. There may be nothing.
func (e *Engine) Deployed(ctx context.Context, name string) ([]Object, error) {
	var all []Object
	volumes := map[string]bool{}
	for _, n := range []string{name, name + nextSuffix} {
		c, err := e.find(ctx, n)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		all = append(all, Object{Kind: containerKind, Name: n, id: c.ID, files: mounted(c, configFolder)})
		if volume := mounted(c, house.DataFolder); volume != "" {
			volumes[volume] = true
		}
	}
	if v, err := e.api.VolumeInspect(ctx, DataVolume(name)); err == nil && v.Labels[managedLabel] == managedBy {
		volumes[v.Name] = true
	}
	for _, volume := range slices.Sorted(maps.Keys(volumes)) {
		all = append(all, Object{Kind: volumeKind, Name: volume})
	}
	return all, nil
}

// Delete stops containers in their own time, and removes them and, if volumes is set, their data. It returns what has
// become of each object, as far as it came.
func (e *Engine) Delete(ctx context.Context, objects []Object, volumes bool, say func(string)) ([]Object, error) {
	done := []Object{}
	for _, o := range objects {
		var err error
		switch {
		case o.Kind == containerKind:
			say("stopping " + o.Name)
			if err = e.stop(ctx, o.Name, o.id); err == nil {
				err = errors.Join(e.remove(ctx, o.Name, o.id), e.dropFiles(ctx, o.files))
			}
			o.Action = Deleted
		case volumes:
			if err = e.api.VolumeRemove(ctx, o.Name, false); cerrdefs.IsNotFound(err) {
				err = nil
			}
			o.Action = Deleted
		default:
			o.Action = Unchanged
		}
		if err != nil {
			return done, fmt.Errorf("delete %s: %w", o, err)
		}
		done = append(done, o)
	}
	return done, nil
}

// Keeps reports whether the object holds what outlives a container.
func (o Object) Keeps() bool { return o.Kind == volumeKind }
