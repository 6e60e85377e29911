package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	cerrdefs "github.com/containerd/errdefs"

	"github.com/otlpctl/otlpctl/pkg/hinted"
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
	// foreign is a volume that somebody else has made.
	foreign bool
}

// String returns the object as it is shown.
func (o Object) String() string { return o.Kind + "/" + o.Name }

// Deployed returns what there is of a deployment: its container, what an interrupted replacement has left, and the
// volume with its data, which may be all that is left. There may be nothing.
func (e *Engine) Deployed(ctx context.Context, name string) ([]Object, error) {
	var all []Object
	volumes := map[string]bool{} // whether otlpctl has made them
	for _, n := range []string{name, name + NextSuffix, name + carrierSuffix} {
		c, err := e.find(ctx, n)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		all = append(all, Object{Kind: containerKind, Name: n, id: c.ID, files: mounted(c, configFolder)})
		if volume := mounted(c, house.DataFolder); volume != "" {
			if volumes[volume], err = e.madeVolume(ctx, volume); err != nil {
				return nil, err
			}
		}
	}
	own := DataVolume(name)
	made, err := e.madeVolume(ctx, own)
	if err != nil {
		return nil, err
	}
	if made {
		volumes[own] = true
	}
	for _, volume := range slices.Sorted(maps.Keys(volumes)) {
		all = append(all, Object{Kind: volumeKind, Name: volume, foreign: !volumes[volume]})
	}
	return all, nil
}

// madeVolume reports whether there is a volume of that name which a deployment has made.
func (e *Engine) madeVolume(ctx context.Context, name string) (bool, error) {
	v, err := e.api.VolumeInspect(ctx, name)
	if err != nil && !cerrdefs.IsNotFound(err) {
		return false, fmt.Errorf("volume %s: %w", name, err)
	}
	return err == nil && v.Labels[managedLabel] == managedBy, nil
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
		case volumes && o.foreign:
			say("volume " + o.Name + " was not made by otlpctl, and is left alone")
			o.Action = Unchanged
		case volumes:
			err = e.removeVolume(ctx, o.Name)
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

// removeVolume removes a volume with data, which nobody else must use.
func (e *Engine) removeVolume(ctx context.Context, name string) error {
	err := e.api.VolumeRemove(ctx, name, false)
	switch {
	case cerrdefs.IsNotFound(err):
		return nil
	case cerrdefs.IsConflict(err):
		return hinted.New(
			errors.New("another container uses it"),
			"'docker ps --all --filter volume="+name+"' shows which, and 'docker volume rm "+name+"' removes it once that has gone",
		)
	}
	return err
}

// Keeps reports whether the object holds what outlives a container.
func (o Object) Keeps() bool { return o.Kind == volumeKind }

// Foreign reports whether the object is used by the deployment, but was not made by it, and is left alone.
func (o Object) Foreign() bool { return o.foreign }
