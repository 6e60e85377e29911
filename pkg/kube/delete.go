package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Removal is what is deleted of a deployment beside what it consists of.
type Removal struct {
	// Claims are the PersistentVolumeClaims that its pods use, and so their data.
	Claims bool
	// Namespace is the namespace with all that is in it, if otlpctl has made it.
	Namespace bool
}

// Deployed is what there is of a deployment, in the order in which it is deleted. In JSON it is API.
type Deployed struct {
	Target
	Changes []Change `json:"objects"`

	records []*unstructured.Unstructured
}

// Deployed returns what deleting a deployment would do. Without an inventory there is nothing.
func (c *Client) Deployed(ctx context.Context, t Target, also Removal) (*Deployed, error) {
	in, err := c.readInventory(ctx, t)
	if err != nil {
		return nil, err
	}
	d := &Deployed{Target: t, Changes: []Change{}}
	claims, err := c.claims(ctx, t)
	if err != nil {
		return nil, err
	}
	refs := make([]Ref, 0, len(in.Objects)+len(claims))
	for _, e := range in.left(Set{}) {
		refs = append(refs, e.Ref)
		if e.Kind == namespaceKind && e.Adopted {
			also.Namespace = false
		}
	}
	if len(in.Objects) > 0 {
		refs = slices.Concat(refs, claims)
	}
	// The namespace last: all else is in it.
	slices.SortStableFunc(refs, func(a, b Ref) int { return rank(a) - rank(b) })
	for _, r := range refs {
		now, err := c.read(ctx, r)
		if err != nil {
			return nil, err
		}
		if now != nil && (isOurs(now) || r.Kind == claimKind) {
			d.Changes = append(d.Changes, Change{Ref: r, Action: also.action(r), Differences: []Difference{}, now: now})
		}
	}
	return d, c.findRecords(ctx, d)
}

func rank(r Ref) int {
	switch r.Kind {
	case namespaceKind:
		return 2
	case claimKind:
		return 1
	}
	return 0
}

// The kinds that are deleted only on demand.
const (
	claimKind     = "PersistentVolumeClaim"
	namespaceKind = "Namespace"
)

func (also Removal) action(r Ref) Action {
	if r.Kind == claimKind && !also.Claims || r.Kind == namespaceKind && !also.Namespace {
		return Unchanged
	}
	return Deleted
}

// claims returns the PersistentVolumeClaims that the pods of a deployment share.
func (c *Client) claims(ctx context.Context, t Target) ([]Ref, error) {
	now, err := c.read(ctx, t.deployment())
	if err != nil || now == nil {
		return nil, err
	}
	volumes, _, _ := unstructured.NestedSlice(now.Object, "spec", "template", "spec", "volumes")
	var found []Ref
	for _, volume := range volumes {
		fields, _ := volume.(map[string]any)
		if name, ok, _ := unstructured.NestedString(fields, "persistentVolumeClaim", "claimName"); ok {
			found = append(found, Ref{"v1", claimKind, t.Namespace, name})
		}
	}
	return found, nil
}

// findRecords finds what otlpctl remembers of the deployment: the revisions, and last the inventory.
func (c *Client) findRecords(ctx context.Context, d *Deployed) error {
	revisions, err := c.Revisions(ctx, d.Target)
	if err != nil {
		return err
	}
	for _, r := range revisions {
		d.records = append(d.records, r.stored)
	}
	in, err := c.read(ctx, d.inventory())
	if in != nil {
		d.records = append(d.records, in)
	}
	return err
}

// IsEmpty reports whether there is nothing of the deployment.
func (d *Deployed) IsEmpty() bool { return len(d.Changes) == 0 && len(d.records) == 0 }

// Doomed returns the objects that are to be deleted.
func (d *Deployed) Doomed() []Ref {
	var doomed []Ref
	for _, change := range d.Changes {
		if change.Action == Deleted {
			doomed = append(doomed, change.Ref)
		}
	}
	return doomed
}

// Delete deletes what Deployed has found, and waits until it is gone. What was deleted is
// returned with every error.
func (c *Client) Delete(ctx context.Context, d *Deployed, say func(step string)) (*Deployed, error) {
	done := &Deployed{Target: d.Target, Changes: []Change{}}
	if d.IsEmpty() {
		return done, nil
	}
	err := c.Locked(ctx, d.Target, func(ctx context.Context) error { return c.deleteObjects(ctx, d, done, say) })
	if err != nil {
		return done, err
	}
	return done, c.deleteNamespace(ctx, d, done, say) // the lease was in it
}

func (c *Client) deleteObjects(ctx context.Context, d, done *Deployed, say func(string)) error {
	for _, change := range d.Changes {
		if change.Kind == namespaceKind {
			continue
		}
		if err := c.deleteOne(ctx, change, say); err != nil {
			return err
		}
		done.Changes = append(done.Changes, change)
	}
	return together(d.records, func(_ int, record *unstructured.Unstructured) error { return c.remove(ctx, record) })
}

func (c *Client) deleteNamespace(ctx context.Context, d, done *Deployed, say func(string)) error {
	for _, change := range d.Changes {
		if change.Kind != namespaceKind {
			continue
		}
		if err := c.deleteOne(ctx, change, say); err != nil {
			return err
		}
		done.Changes = append(done.Changes, change)
	}
	return nil
}

func (c *Client) deleteOne(ctx context.Context, change Change, say func(string)) error {
	if change.Action != Deleted {
		return nil
	}
	say(verb(change))
	return c.vanish(ctx, change.now)
}

// vanish deletes an object and waits until it is gone, with all that the cluster has made of it, but not for ever: a
// finalizer may hold it whose controller is no more.
func (c *Client) vanish(ctx context.Context, u *unstructured.Unstructured) error {
	ctx, cancel := context.WithTimeout(ctx, goneWithin)
	defer cancel()
	if err := c.remove(ctx, u); err != nil {
		return err
	}
	r := refOf(u)
	ticker := time.NewTicker(goneEvery)
	defer ticker.Stop()
	for {
		now, err := c.read(ctx, r)
		if err != nil || now == nil || now.GetUID() != u.GetUID() {
			return err
		}
		select {
		case <-ctx.Done():
			return notGone(r, now, context.Cause(ctx))
		case <-ticker.C:
		}
	}
}

// notGone says why waiting for the end of an object has ended, and what keeps it.
func notGone(r Ref, now *unstructured.Unstructured, why error) error {
	err := fmt.Errorf("%s is being deleted, and not gone yet: %w", r, why)
	if holds := now.GetFinalizers(); len(holds) > 0 {
		return hinted.New(err, "it waits for its finalizers: "+strings.Join(holds, ", "))
	}
	return err
}

// goneWithin is how long an object may take to be gone, its pods included, unless whoever asks has less time.
const goneWithin = 30 * time.Minute

// goneEvery is how often the server is asked whether an object is gone.
const goneEvery = 200 * time.Millisecond
