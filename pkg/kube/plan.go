package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Action is what happens to an object. In JSON it is API.
type Action string

// The actions.
const (
	Created    Action = "created"
	Configured Action = "configured"
	Unchanged  Action = "unchanged"
	Deleted    Action = "deleted"
)

// Change is what happens to one object. In JSON it is API.
type Change struct {
	Ref
	Action Action `json:"action"`
	// Recreated says that the object is deleted first.
	Recreated bool `json:"recreated,omitempty"`
	// Replaces is the name of an object that never changes and that a new one takes the place of.
	Replaces    string       `json:"replaces,omitempty"`
	Differences []Difference `json:"differences"`

	now, then *unstructured.Unstructured
	count     count
	// forced says that nothing is taken from anybody although the server may think so.
	forced bool
}

// Options are how a set is applied.
type Options struct {
	// Force takes over fields that others have set.
	Force bool
	// Recreate are objects, as Kind/name, that are deleted and made anew if they cannot be changed.
	Recreate []string
	// KeepScale leaves the number of pods, or the bounds of the autoscaler, as "otlpctl scale" has set them.
	KeepScale bool
	// Hold pauses a Deployment that exists before a new revision would replace its pods step by step: who
	// deploys lets it go on. See Execution.Held.
	Hold bool
}

// Plan is what applying a set would do. In JSON it is API.
type Plan struct {
	Target
	// Revision is the one that is deployed; 0 is none.
	Revision int      `json:"revision"`
	Changes  []Change `json:"objects"`

	set       Set
	options   Options
	inventory inventory
	digest    string
	// homeless says that the namespace does not exist.
	homeless bool
}

// IsNew reports whether what is planned is something else than what was deployed last.
func (p *Plan) IsNew() bool { return p.inventory.Digest != p.digest }

// IsNoop reports whether there is nothing to do.
func (p *Plan) IsNoop() bool {
	return !p.IsNew() && !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Action != Unchanged })
}

// Set returns what the plan is of.
func (p *Plan) Set() Set { return p.set }

// Destroys returns what is going to be deleted, whether or not it is made anew.
func (p *Plan) Destroys() []Ref {
	var doomed []Ref
	for _, c := range p.Changes {
		if c.Action == Deleted || c.Recreated {
			doomed = append(doomed, c.Ref)
		}
	}
	return doomed
}

// Plan asks the cluster what applying a set would do. It changes nothing.
func (c *Client) Plan(ctx context.Context, s Set, o Options) (*Plan, error) {
	p := &Plan{Target: s.Target, set: s, options: o}
	var err error
	if p.digest, err = s.digest(); err != nil {
		return nil, err
	}
	if p.homeless, err = c.isHomeless(ctx, s); err != nil {
		return nil, err
	}
	if p.inventory, err = c.readInventory(ctx, s.Target); err != nil {
		return nil, err
	}
	p.Revision = p.inventory.Revision
	if p.Changes, err = c.changes(ctx, p); err != nil {
		return nil, err
	}
	return p, c.findReplaced(ctx, p)
}

// Check finds objects to recreate that a set does not have.
func (o Options) Check(s Set) error {
	for _, name := range o.Recreate {
		if !slices.ContainsFunc(s.Objects, func(u *unstructured.Unstructured) bool { return strings.EqualFold(name, refOf(u).String()) }) {
			return hinted.New(fmt.Errorf("--recreate %s: there is no such object", name), "it takes one of "+strings.Join(names(s), ", "))
		}
	}
	return nil
}

func names(s Set) []string {
	all := make([]string, len(s.Objects))
	for i, u := range s.Objects {
		all[i] = u.GetKind() + "/" + u.GetName()
	}
	return all
}

func (o Options) recreates(r Ref) bool {
	return slices.ContainsFunc(o.Recreate, func(name string) bool { return strings.EqualFold(name, r.String()) })
}

// changes returns what happens to each object of the set, and then what is deleted.
func (c *Client) changes(ctx context.Context, p *Plan) ([]Change, error) {
	left := p.inventory.left(p.set)
	left = slices.DeleteFunc(left, func(e entry) bool { return e.Versioned }) // see collect
	refs := p.set.refs()
	for _, e := range left {
		refs = append(refs, e.Ref)
	}
	known, objects := len(p.set.Kept), len(p.set.Kept)+len(p.set.Objects)
	changes := make([]Change, len(refs))
	err := together(refs, func(i int, r Ref) (err error) {
		now, err := c.read(ctx, r)
		switch {
		case err != nil:
		case i < known:
			changes[i], err = kept(r, now)
		case i < objects:
			changes[i], err = c.change(ctx, p, now, p.set.Objects[i-known])
		case now != nil && isOurs(now):
			changes[i] = Change{Ref: r, Action: Deleted, Differences: []Difference{}, now: now}
		}
		return err
	})
	changes = slices.DeleteFunc(changes, func(c Change) bool { return c.Action == "" })
	return changes, merged(err)
}

// kept is the change of an object that is to be as it is.
func kept(r Ref, now *unstructured.Unstructured) (Change, error) {
	if now == nil {
		return Change{}, hinted.New(fmt.Errorf("%s is gone, and only the cluster had it", r), "deploy the configuration again: it has what was in it")
	}
	return Change{Ref: r, Action: Unchanged, Differences: []Difference{}, now: now}, nil
}

// merged makes one error of all conflicts.
func merged(err error) error {
	var all ConflictError
	var others []error
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	for _, err := range list.Unwrap() {
		if found, ok := errors.AsType[ConflictError](err); ok {
			all.Conflicts = append(all.Conflicts, found.Conflicts...)
		} else {
			others = append(others, err)
		}
	}
	if len(all.Conflicts) > 0 {
		others = append(others, all)
	}
	return errors.Join(others...)
}

// change returns what becomes of an object of the set.
func (c *Client) change(ctx context.Context, p *Plan, now, then *unstructured.Unstructured) (Change, error) {
	if p.options.KeepScale {
		then = keepScale(now, then)
	}
	r := refOf(then)
	change := Change{Ref: r, Action: Created, Differences: []Difference{}, now: now, then: then, count: countOf(p, now, then)}
	if now != nil && now.GetDeletionTimestamp() != nil {
		return change, hinted.New(fmt.Errorf("%s is being deleted", r), "wait until it is gone, and deploy again")
	}
	if p.homeless && r.Namespace != "" { // there is nothing yet that could say more
		return change, nil
	}
	result, err := c.apply(ctx, change.count.planned(then), writing{manager: FieldManager, dry: true, force: p.options.Force})
	if found, ok := errors.AsType[ConflictError](err); ok {
		result, err = c.settled(ctx, &change, found)
	}
	if fixed, ok := errors.AsType[ImmutableError](err); ok && p.options.recreates(r) {
		return change.recreated(fixed), nil
	}
	if err != nil {
		return change, err
	}
	change.compare(result)
	return change, nil
}

// settled returns what becomes of an object if what looks like conflicts is none: if nothing changes but
// who has set a field, or if the autoscaler gives up the number of pods.
func (c *Client) settled(ctx context.Context, change *Change, found ConflictError) (*unstructured.Unstructured, error) {
	result, err := c.apply(ctx, change.count.planned(change.then), writing{manager: FieldManager, dry: true, force: true})
	if err != nil {
		return nil, err
	}
	if found = found.about(differences(change.now, result)); !change.count.settles(found) {
		return nil, found
	}
	change.forced = true
	return result, nil
}

// compare completes a change with what the server says will come of it.
func (c *Change) compare(result *unstructured.Unstructured) {
	if c.now == nil {
		return
	}
	c.Differences = append(differences(c.now, result), c.count.differences()...)
	if len(c.Differences) == 0 && !sameOwner(c.now, result) {
		c.Differences = append(c.Differences, Difference{Path: "metadata.managedFields", Then: new(FieldManager)})
	}
	c.Action = Configured
	if len(c.Differences) == 0 {
		c.Action, c.Differences = Unchanged, []Difference{}
	}
}

// recreated returns the change of an object that has to be deleted first.
func (c Change) recreated(fixed ImmutableError) Change {
	c.Action, c.Recreated = Configured, true
	for _, field := range fixed.Fields {
		c.Differences = append(c.Differences, Difference{Path: field, Then: new("made anew")})
	}
	return c
}

// isHomeless reports whether the namespace is still to be made.
func (c *Client) isHomeless(ctx context.Context, s Set) (bool, error) {
	now, err := c.read(ctx, s.namespace())
	switch {
	case isForbidden(err):
		return false, nil // then it exists, or the next answer says so
	case err != nil:
		return false, err
	case now == nil && !s.has(s.namespace()):
		return false, hinted.New(fmt.Errorf("the namespace %s does not exist", s.Namespace), "kubectl create namespace "+s.Namespace+", or set deploy.create_namespace")
	case now != nil && now.GetDeletionTimestamp() != nil:
		return false, hinted.New(fmt.Errorf("the namespace %s is being deleted", s.Namespace), "wait until it is gone, or deploy to another one with -n")
	}
	return now == nil, nil
}
