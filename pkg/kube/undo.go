package kube

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Back is what is deployed after an undo.
type Back struct {
	Execution
	// Of is the revision whose objects have been applied again; 0 is none: all was deleted.
	Of  int
	Set Set
}

// Undo goes back to what was there before a plan. It is for who has the lease, and applies the revision before through
// the same path; if there was none, what was created is deleted.
func (c *Client) Undo(ctx context.Context, p *Plan, say func(step string)) (Back, error) {
	if p.Revision == 0 {
		return Back{}, c.uninstall(ctx, p, say)
	}
	revisions, err := c.Revisions(ctx, p.Target)
	if err != nil {
		return Back{}, err
	}
	i := slices.IndexFunc(revisions, func(r Revision) bool { return r.Number == p.Revision })
	if i < 0 {
		return Back{}, fmt.Errorf("revision %d of %s is not kept", p.Revision, p.Target)
	}
	set := revisions[i].Set(p.Target)
	if failed := revisions[len(revisions)-1].Number; failed != p.Revision {
		set.GaveUp = failed
	}
	options := p.options
	options.Hold = false
	again, err := c.Plan(ctx, set, options)
	if err != nil {
		return Back{}, err
	}
	say(fmt.Sprintf("going back to revision %d", p.Revision))
	done, err := c.execute(ctx, again, say)
	if err != nil {
		return Back{}, err
	}
	return Back{done, p.Revision, set}, c.restoreSecrets(ctx, p)
}

// uninstall deletes what was made for the first deployment, by this attempt or by one before it that failed. The
// namespace stays if others have put something there since.
func (c *Client) uninstall(ctx context.Context, p *Plan, say func(string)) error {
	in, err := c.readInventory(ctx, p.Target)
	if err != nil {
		return err
	}
	hasMade := func(r Ref) bool {
		i := in.find(r)
		return i >= 0 && !in.Objects[i].Adopted
	}
	found, err := c.Deployed(ctx, p.Target, Removal{Namespace: true})
	if err != nil {
		return err
	}
	found.Changes = slices.DeleteFunc(found.Changes, func(change Change) bool { return !hasMade(change.Ref) })
	if len(in.Objects) == 0 && p.homeless { // it failed before anything else was made
		if found.Changes, err = c.newNamespace(ctx, p); err != nil {
			return err
		}
	}
	var gone Deployed
	if err := c.deleteObjects(ctx, found, &gone, say); err != nil {
		return err
	}
	if !slices.ContainsFunc(found.Changes, func(change Change) bool { return change.Kind == namespaceKind }) {
		return nil
	}
	if others := c.inhabitants(ctx, p.Target); others != "" {
		say(p.namespace().String() + " stays: " + others)
		return nil
	}
	return c.deleteNamespace(ctx, found, &gone, say)
}

// newNamespace returns the deletion of a namespace that was made for the first deployment.
func (c *Client) newNamespace(ctx context.Context, p *Plan) ([]Change, error) {
	now, err := c.read(ctx, p.namespace())
	if err != nil || now == nil {
		return nil, err
	}
	return []Change{{Ref: p.namespace(), Action: Deleted, Differences: []Difference{}, now: now}}, nil
}

// restoreSecrets gives Secrets that were changed in place the content that they had. No revision has it.
func (c *Client) restoreSecrets(ctx context.Context, p *Plan) error {
	for _, change := range p.Changes {
		if change.Kind != secretKind || change.Action != Configured || change.now == nil {
			continue
		}
		if _, err := c.apply(ctx, former(change.now), writing{manager: FieldManager, force: p.options.Force}); err != nil {
			return err
		}
	}
	return nil
}

// former returns a Secret as it can be applied again.
func former(now *unstructured.Unstructured) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	for _, key := range []string{"apiVersion", "kind", "type", "data", "immutable"} {
		if value, ok := now.Object[key]; ok {
			u.Object[key] = value
		}
	}
	u.SetName(now.GetName())
	u.SetNamespace(now.GetNamespace())
	u.SetLabels(now.GetLabels())
	u.SetAnnotations(now.GetAnnotations())
	return u
}
