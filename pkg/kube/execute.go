package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Execution is what has been done. In JSON it is API.
type Execution struct {
	Target
	// Revision is the number of what is deployed now.
	Revision int `json:"revision"`
	// Changes are those that were made, and objects that needed none.
	Changes []Change `json:"objects"`
	// Held says that the Deployment is paused: see Options.Hold.
	Held bool `json:"-"`
}

// Do brings about what a plan says. The namespace is made, and the plan made anew with a lease on the
// target, which after still holds: it is told what was done, and what failed. say is told of each
// step. A plan of nothing takes no lease, and changes nothing.
func (c *Client) Do(ctx context.Context, p *Plan, say func(step string), after func(ctx context.Context, done Execution, failed error) error) error {
	if p.IsNoop() {
		return after(ctx, Execution{Target: p.Target, Revision: p.Revision, Changes: p.Changes}, nil)
	}
	made, err := c.settle(ctx, p, say)
	if err != nil {
		return err
	}
	return c.Locked(ctx, p.Target, func(ctx context.Context) error {
		again, err := c.Plan(ctx, p.set, p.options)
		if err != nil && len(made) == 0 {
			return err
		}
		if err != nil {
			return after(ctx, Execution{Target: p.Target, Changes: p.made(made)}, err)
		}
		again.remember(made)
		*p = *again // an undo goes back to what was there before this one
		done, err := c.execute(ctx, p, say)
		return after(ctx, done, err)
	})
}

// settle makes the namespace if it is not there: nothing else could be.
func (c *Client) settle(ctx context.Context, p *Plan, say func(string)) (made []Ref, err error) {
	if !p.homeless {
		return nil, nil
	}
	for _, change := range p.Changes {
		if change.same(p.namespace()) {
			say(verb(change))
			_, err := c.apply(ctx, change.then, writing{manager: FieldManager, force: p.options.Force})
			return []Ref{change.Ref}, err
		}
	}
	return nil, nil
}

// made returns the changes of a plan that have been brought about.
func (p *Plan) made(refs []Ref) []Change {
	return slices.DeleteFunc(slices.Clone(p.Changes), func(c Change) bool { return !slices.ContainsFunc(refs, c.same) })
}

// remember says of objects that have been made since the first plan that they are new.
func (p *Plan) remember(made []Ref) {
	for i, change := range p.Changes {
		if slices.ContainsFunc(made, change.same) && change.Action == Unchanged {
			p.Changes[i].Action = Created
		}
	}
}

// execution is work in progress.
type execution struct {
	*Client
	plan *Plan
	say  func(string)
	// revisions are those that are kept from before.
	revisions []Revision
	done      Execution
}

func (c *Client) execute(ctx context.Context, p *Plan, say func(string)) (Execution, error) {
	e := execution{Client: c, plan: p, say: say, done: Execution{Target: p.Target, Revision: p.Revision, Changes: []Change{}}}
	if p.IsNoop() { // somebody else has done it meanwhile
		e.done.Changes = p.Changes
		return e.done, nil
	}
	var err error
	if e.revisions, err = c.Revisions(ctx, p.Target); err != nil { // or nothing could be kept in the end
		return e.done, err
	}
	if err := c.writeInventory(ctx, p.Target, p.recorded()); err != nil {
		return e.done, err
	}
	for _, step := range []func(context.Context) error{e.write, e.prune, e.takeBack, e.finish} {
		if err := step(ctx); err != nil {
			return e.done, err
		}
	}
	return e.done, nil
}

// write applies what is to be created or changed.
func (e *execution) write(ctx context.Context) error {
	for _, change := range e.plan.Changes {
		if change.Action == Deleted {
			continue
		}
		if change.Action != Unchanged && !e.isWritten(change) {
			e.say(verb(change))
			if err := e.hold(ctx, change); err != nil {
				return err
			}
			if err := e.writeOne(ctx, change); err != nil {
				return err
			}
		}
		e.done.Changes = append(e.done.Changes, change)
	}
	return nil
}

// isWritten reports whether an object was made before the plan.
func (e *execution) isWritten(c Change) bool { return c.Action == Created && c.now != nil }

func (e *execution) writeOne(ctx context.Context, change Change) error {
	then, w := change.then, writing{manager: FieldManager, force: e.plan.options.Force || change.forced}
	switch count := change.count; {
	case change.Recreated:
		if err := e.vanish(ctx, change.now); err != nil {
			return err
		}
	case count.fresh:
		if _, err := e.apply(ctx, withReplicas(then, *count.given), w); err != nil {
			return err
		}
		return e.giveOver(ctx, then, *count.given, w)
	case count.given != nil:
		return e.giveOver(ctx, then, *count.given, w)
	case count.taken != nil:
		then = withReplicas(then, *count.taken)
	}
	_, err := e.apply(ctx, then, w)
	return err
}

// giveOver lets an autoscaler decide on the number of pods, beginning with n.
func (e *execution) giveOver(ctx context.Context, then *unstructured.Unstructured, n int64, w writing) error {
	if _, err := e.apply(ctx, replicasOnly(then, n), writing{manager: countManager, force: true}); err != nil {
		return err
	}
	_, err := e.apply(ctx, then, w)
	return err
}

// prune deletes what is no longer in the set.
func (e *execution) prune(ctx context.Context) error {
	for _, change := range e.plan.Changes {
		if change.Action != Deleted {
			continue
		}
		e.say(verb(change))
		if err := e.remove(ctx, change.now); err != nil {
			return err
		}
		e.done.Changes = append(e.done.Changes, change)
	}
	return nil
}

// takeBack sets the number of pods once there is no autoscaler left that would object.
func (e *execution) takeBack(ctx context.Context) error {
	for _, change := range e.plan.Changes {
		if change.count.taken != nil {
			if _, err := e.apply(ctx, change.then, writing{manager: FieldManager, force: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish stores the revision, deletes what no revision needs any more, and closes the inventory.
func (e *execution) finish(ctx context.Context) error {
	revisions := e.revisions
	number := e.plan.inventory.Revision
	if n := len(revisions); n > 0 {
		number = max(number, revisions[n-1].Number)
	}
	if e.plan.IsNew() {
		number++
		stored, err := e.store(ctx, e.plan.set, number)
		if err != nil {
			return err
		}
		revisions = append(revisions, stored)
	}
	all := e.plan.recorded()
	gone, err := e.collect(ctx, all, revisions)
	for _, entry := range all.left(e.plan.set) {
		if !entry.Versioned { // it is deleted, or was not there, or is somebody else's by now
			gone = append(gone, entry.Ref)
		}
	}
	all = all.without(gone)
	all.Revision, all.Digest, all.Restores = number, e.plan.digest, 0
	err = errors.Join(err, e.writeInventory(ctx, e.plan.Target, all))
	if err == nil {
		e.done.Revision = number
	}
	return err
}

// verb says what is being done to an object.
func verb(c Change) string {
	switch {
	case c.Recreated:
		return "recreating " + c.String()
	case c.Action == Created:
		return "creating " + c.String()
	case c.Action == Deleted:
		return "deleting " + c.String()
	}
	return fmt.Sprintf("configuring %s", c.Ref)
}
