package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
)

// Tag moves all tags to an image, or none. Once an image is complete this takes no time, and an
// interruption waits for it.
func (e *Engine) Tag(ctx context.Context, id string, tags []string) error {
	ctx = context.WithoutCancel(ctx)
	before := map[string]string{}
	for _, tag := range tags {
		old, err := e.api.ImageInspect(ctx, tag)
		if err != nil && !errdefs.IsNotFound(err) {
			return fmt.Errorf("tag %s: %w", tag, err)
		}
		if err := e.api.ImageTag(ctx, id, tag); err != nil {
			return errors.Join(fmt.Errorf("tag %s: %w", tag, err), e.untag(ctx, before))
		}
		before[tag] = old.ID
	}
	return nil
}

// untag moves tags back to where they were.
func (e *Engine) untag(ctx context.Context, before map[string]string) error {
	var faults []error
	for tag, id := range before {
		var err error
		if id == "" {
			_, err = e.api.ImageRemove(ctx, tag, image.RemoveOptions{})
		} else {
			err = e.api.ImageTag(ctx, id, tag)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("tag %s stays moved: %w", tag, err))
		}
	}
	return errors.Join(faults...)
}

// Discard removes an image that has no name. One that has a name, of an earlier build of the same, stays, and so does
// one that a container uses.
func (e *Engine) Discard(ctx context.Context, id string) error {
	ctx = context.WithoutCancel(ctx)
	found, err := e.api.ImageInspect(ctx, id)
	if errdefs.IsNotFound(err) || err == nil && len(found.RepoTags) > 0 {
		return nil
	}
	if err == nil {
		_, err = e.api.ImageRemove(ctx, id, image.RemoveOptions{PruneChildren: true})
	}
	if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
		return fmt.Errorf("remove image %s: %w", id, err)
	}
	return nil
}
