package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/pkg/image"
)

// replace puts another container into the place of the current one.
func (d deploying) replace(ctx context.Context) (id string, err error) {
	next := d.plan.Name + nextSuffix
	d.say("creating " + next)
	// The old one is stopped, the new one waited for, and either of them cleaned up.
	d.plan.request.lease(time.Now().Add(2*d.cleanUpLimit() + d.timeout))
	if id, err = d.create(ctx, next); err != nil {
		return "", err
	}
	if d.plan.Interrupts == "" {
		return id, d.overlap(ctx, next, id)
	}
	return id, d.swap(ctx, next, id)
}

// overlap starts the new container beside the old one, which stops once the new one is healthy.
func (d deploying) overlap(ctx context.Context, next, id string) error {
	d.say("starting " + next + " beside " + d.plan.Name)
	err := d.engine.start(ctx, next, id)
	if err == nil {
		err = d.engine.await(ctx, next, id, d.timeout)
	}
	finish, cancel := d.afterwards(ctx)
	defer cancel()
	if err == nil {
		d.say("stopping the old " + d.plan.Name)
		if err = d.engine.stop(finish, d.plan.Name, d.plan.current.ID); err == nil {
			return d.rename(finish, id)
		}
	}
	return errors.Join(d.kept(ctx, err), d.engine.remove(finish, next, id), d.dropFiles(finish))
}

// swap stops the old container before it starts the new one. An interruption while the old one stops has to
// wait: whether it is running would not be known.
func (d deploying) swap(ctx context.Context, next, id string) error {
	name := d.plan.Name
	d.say(fmt.Sprintf("stopping the old %s first: %s", name, d.plan.Interrupts))
	finish, cancel := d.afterwards(ctx)
	defer cancel()
	err := d.engine.stop(finish, name, d.plan.current.ID)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		d.say("starting the new " + name)
		err = d.engine.start(finish, next, id)
	}
	if err == nil {
		d.say("waiting until the new " + name + " is healthy")
		err = d.engine.await(ctx, next, id, d.timeout)
		// The old one has gone, and the new one may be as good: it goes on as if it were the first.
		if ctx.Err() != nil {
			cleanUp, cancel := d.afterwards(ctx)
			defer cancel()
			hint := name + " was replaced and goes on starting: 'otlpctl status docker --name " + name + "' shows how it is"
			return errors.Join(image.WithHint(ctx.Err(), hint), d.rename(cleanUp, id))
		}
	}
	cleanUp, cancelCleanUp := d.afterwards(ctx)
	defer cancelCleanUp()
	if err == nil {
		return d.rename(cleanUp, id)
	}
	d.say("going back to the old " + name)
	undone := d.discard(cleanUp, next, id, d.plan.run.configVolume())
	return errors.Join(d.kept(ctx, err), undone, d.engine.start(cleanUp, name, d.plan.current.ID))
}

// rename removes the old container and gives its name to the new one.
func (d deploying) rename(ctx context.Context, id string) error {
	if err := d.engine.remove(ctx, d.plan.Name, d.plan.current.ID); err != nil {
		return err
	}
	if err := d.engine.api.ContainerRename(ctx, id, d.plan.Name); err != nil {
		return fmt.Errorf("rename %s%s to %s: %w", d.plan.Name, nextSuffix, d.plan.Name, err)
	}
	return d.engine.dropFiles(ctx, mounted(d.plan.current, configFolder))
}

// kept completes the reason of a replacement that has been given up.
func (d deploying) kept(ctx context.Context, err error) error {
	if notReady, ok := errors.AsType[*NotReadyError](err); ok {
		notReady.Name, notReady.Kept = d.plan.Name, true
	}
	if ctx.Err() != nil {
		return image.WithHint(ctx.Err(), d.plan.Name+" runs as before")
	}
	return err
}
