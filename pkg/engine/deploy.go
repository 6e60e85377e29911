package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// cleanUpTime bounds what is done after an interruption or a failure, beside the time in which a container stops.
const cleanUpTime = 30 * time.Second

// Deployment is what has been done. The names of its JSON fields are API.
type Deployment struct {
	*Plan
	// Container is the ID of the container, empty if it was only planned.
	Container string `json:"container,omitempty"`
	Health    string `json:"health,omitempty"`
	// Seconds is how long it took until the container was healthy.
	Seconds float64 `json:"seconds"`
	DryRun  bool    `json:"dry_run,omitempty"`
}

// Apply does what was planned and waits until the container is healthy, which it may take timeout for. say hears
// of every step, before it is taken. An error is a *NotReadyError if the container does not become healthy; if it
// was to replace another, that one runs again then.
func (e *Engine) Apply(ctx context.Context, p *Plan, timeout time.Duration, say func(string)) (Deployment, error) {
	began := time.Now()
	d := deploying{engine: e, plan: p, timeout: timeout, say: say}
	id, err := d.apply(ctx)
	done := Deployment{Plan: p, Container: id, Seconds: time.Since(began).Seconds()}
	if err == nil {
		done.Health = "healthy"
	}
	return done, err
}

// deploying is a deployment that is under way.
type deploying struct {
	engine  *Engine
	plan    *Plan
	timeout time.Duration
	say     func(string)
}

func (d deploying) apply(ctx context.Context) (id string, err error) {
	name := d.plan.Name
	if left := d.plan.leftover; left != nil {
		d.say("removing " + name + NextSuffix + ", which an interrupted deployment has left")
		if err := d.discard(ctx, name+NextSuffix, left.ID, mounted(left, configFolder)); err != nil {
			return "", err
		}
	}
	switch {
	case d.plan.current == nil:
		return d.install(ctx)
	case d.plan.replace:
		return d.replace(ctx)
	case d.plan.current.State.Paused:
		d.say("resuming " + name)
		if err := d.engine.resume(ctx, name, d.plan.current.ID); err != nil {
			return "", err
		}
	case !lives(d.plan.current.State.Status):
		d.say("starting " + name)
		if err := d.engine.start(ctx, name, d.plan.current.ID); err != nil {
			return "", err
		}
	}
	return d.plan.current.ID, d.settle(ctx, d.plan.current.ID)
}

// install makes the first container. If it cannot be started there is nothing to look at, and it goes.
func (d deploying) install(ctx context.Context) (id string, err error) {
	name := d.plan.Name
	d.say("creating " + name)
	if id, err = d.create(ctx, name); err != nil {
		return "", err
	}
	if err := d.engine.start(ctx, name, id); err != nil {
		cleanUp, cancel := d.afterwards(ctx)
		defer cancel()
		return "", errors.Join(kept(ctx, err, d.asBefore()), d.engine.remove(cleanUp, name, id), d.dropFiles(cleanUp))
	}
	return id, d.settle(ctx, id)
}

// settle waits for a container that stays whatever comes of it.
func (d deploying) settle(ctx context.Context, id string) error {
	d.say("waiting until " + d.plan.Name + " is healthy")
	err := d.engine.await(ctx, d.plan.Name, id, d.timeout)
	if ctx.Err() != nil {
		return hinted.New(ctx.Err(), d.plan.Name+" goes on starting: 'otlpctl status docker --name "+d.plan.Name+"' shows how it is")
	}
	return err
}

// afterwards returns a context for what has to be done although ctx may have ended.
func (d deploying) afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d.cleanUpLimit())
}

// cleanUpLimit is the time for the old container to stop, and for the rest.
func (d deploying) cleanUpLimit() time.Duration {
	limit := cleanUpTime
	if c := d.plan.current; c != nil && c.Config.StopTimeout != nil {
		limit += time.Duration(*c.Config.StopTimeout) * time.Second
	}
	return limit
}

// create makes the container that is wanted, and fills the volume with its configuration unless the current one has it.
// The container comes first: its name keeps others from doing the same, and the volume from being removed. An
// interruption has to wait: an engine goes on with what it was asked for, and nobody would know of what it makes.
func (d deploying) create(ctx context.Context, name string) (id string, err error) {
	whole, cancel := d.afterwards(ctx)
	defer cancel()
	if id, err = d.engine.create(whole, name, d.plan.request); err != nil {
		return "", err
	}
	err = d.stillCurrent(whole)
	if err == nil && len(d.plan.run.Files) > 0 && !d.sharesFiles() {
		err = d.engine.storeFiles(whole, &d.plan.run)
	}
	if err == nil && ctx.Err() != nil {
		err = kept(ctx, ctx.Err(), d.asBefore())
	}
	if err != nil {
		return "", errors.Join(err, d.engine.remove(whole, name, id), d.dropFiles(whole))
	}
	return id, nil
}

// stillCurrent returns an error if the container that is to be replaced is another one by now, or if there was none and
// somebody else is about to give the name to theirs.
func (d deploying) stillCurrent(ctx context.Context) error {
	if d.plan.current == nil {
		_, err := d.engine.interrupted(ctx, d.plan.Name+NextSuffix)
		return err
	}
	now, err := d.engine.find(ctx, d.plan.Name)
	if err != nil || now != nil && now.ID == d.plan.current.ID {
		return err
	}
	return hinted.New(fmt.Errorf("container %s was replaced or removed meanwhile", d.plan.Name), "deploy again")
}

// sharesFiles reports whether the current container has the same configuration.
func (d deploying) sharesFiles() bool {
	return d.plan.current != nil && mounted(d.plan.current, configFolder) == d.plan.run.configVolume()
}

// dropFiles removes the volume of a container that is no more. The current one keeps what it uses.
func (d deploying) dropFiles(ctx context.Context) error {
	if len(d.plan.run.Files) == 0 {
		return nil
	}
	return d.engine.dropFiles(ctx, d.plan.run.configVolume())
}

// discard stops a container in its own time, as it may hold data, and removes it with the volume of its files.
func (d deploying) discard(ctx context.Context, name, id, files string) error {
	if err := d.engine.stop(ctx, name, id); err != nil {
		return err
	}
	return errors.Join(d.engine.remove(ctx, name, id), d.engine.dropFiles(ctx, files))
}
