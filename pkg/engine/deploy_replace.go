package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// replace puts another container into the place of the current one.
func (d deploying) replace(ctx context.Context) (id string, err error) {
	next := d.plan.Name + NextSuffix
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
	if occupies(d.plan.current.State.Status) {
		d.say("starting " + next + " beside " + d.plan.Name)
	} else {
		d.say("starting " + next)
	}
	err := d.engine.start(ctx, next, id)
	if err == nil {
		err = d.engine.await(ctx, d.plan.Name, id, d.timeout)
	}
	finish, cancel := d.afterwards(ctx)
	defer cancel()
	if err == nil {
		d.say("stopping the old " + d.plan.Name)
		if err = d.engine.stop(finish, d.plan.Name, d.plan.current.ID); err == nil {
			return d.rename(finish, id)
		}
	}
	return errors.Join(kept(ctx, err, d.asBefore()), d.engine.remove(finish, next, id), d.dropFiles(finish))
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
		err = d.engine.await(ctx, d.plan.Name, id, d.timeout)
		// The old one has gone, and the new one may be as good: it goes on as if it were the first.
		if ctx.Err() != nil {
			cleanUp, cancel := d.afterwards(ctx)
			defer cancel()
			hint := name + " was replaced and goes on starting: 'otlpctl status docker --name " + name + "' shows how it is"
			return errors.Join(hinted.New(ctx.Err(), hint), d.rename(cleanUp, id))
		}
	}
	cleanUp, cancelCleanUp := d.afterwards(ctx)
	defer cancelCleanUp()
	if err == nil {
		return d.rename(cleanUp, id)
	}
	d.say("going back to the old " + name)
	undone := d.discard(cleanUp, next, id, d.plan.run.configVolume())
	if lost := d.engine.start(cleanUp, name, d.plan.current.ID); lost != nil {
		const hint = "the old %[1]s does not run: 'otlpctl status docker --name %[1]s' shows why, and deploying again starts it"
		return errors.Join(kept(ctx, err, fmt.Sprintf(hint, name)), undone, lost)
	}
	return errors.Join(kept(ctx, err, d.asBefore()), undone)
}

// rename removes the old container and gives its name to the new one.
func (d deploying) rename(ctx context.Context, id string) error {
	if err := d.engine.remove(ctx, d.plan.Name, d.plan.current.ID); err != nil {
		return err
	}
	if err := d.engine.api.ContainerRename(ctx, id, d.plan.Name); err != nil {
		return fmt.Errorf("rename %s%s to %s: %w", d.plan.Name, NextSuffix, d.plan.Name, err)
	}
	return d.engine.dropFiles(ctx, mounted(d.plan.current, configFolder))
}

// kept completes the reason of a replacement that has been given up by how the old container is.
func kept(ctx context.Context, err error, how string) error {
	if notReady, ok := errors.AsType[*NotReadyError](err); ok {
		notReady.Kept = how
	}
	if ctx.Err() != nil {
		return hinted.New(ctx.Err(), how)
	}
	return err
}

// asBefore says what has become of the container that was not replaced, or that there is none.
func (d deploying) asBefore() string {
	switch {
	case d.plan.current == nil:
		return "nothing was changed"
	case occupies(d.plan.current.State.Status):
		return "the old " + d.plan.Name + " runs as before"
	}
	return "the old " + d.plan.Name + " does not run, as before"
}
