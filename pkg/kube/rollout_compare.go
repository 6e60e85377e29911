package kube

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// changesBetween returns the objects in which two revisions differ, in the order in which they are
// applied, and then those that are gone. Of Secrets there is nothing but the names.
func changesBetween(before, after Revision) []Change {
	b := between{before: before, after: after, changes: []Change{}}
	for _, u := range after.Objects {
		b.object(u)
	}
	for _, r := range after.Secrets {
		b.secret(r)
	}
	for _, u := range before.Objects {
		if find(after.Objects, refOf(u)) == nil && !b.isReplaced(refOf(u)) {
			b.add(refOf(u), Deleted, nil)
		}
	}
	for _, r := range before.Secrets {
		if !slices.ContainsFunc(after.Secrets, r.same) && !b.isReplaced(r) {
			b.add(r, Deleted, nil)
		}
	}
	return b.changes
}

// between is a comparison of two revisions.
type between struct {
	before, after Revision
	changes       []Change
}

func (b *between) object(then *unstructured.Unstructured) {
	r := refOf(then)
	if now := find(b.before.Objects, r); now != nil {
		if found := differences(now, then); len(found) > 0 {
			b.add(r, Configured, found)
		}
		return
	}
	b.add(r, Created, nil)
	if old := b.predecessor(then); old != nil {
		last := &b.changes[len(b.changes)-1]
		last.Replaces, last.Differences = old.GetName(), ofData(differences(old, then))
	}
}

// secret compares names: one that is new takes the place of the first that is gone.
func (b *between) secret(r Ref) {
	if slices.ContainsFunc(b.before.Secrets, r.same) {
		return
	}
	b.add(r, Created, nil)
	for _, old := range b.before.Secrets {
		if !slices.ContainsFunc(b.after.Secrets, old.same) && !b.isReplaced(old) {
			b.changes[len(b.changes)-1].Replaces = old.Name
			return
		}
	}
}

// predecessor returns the object that never changes and whose place another one has taken.
func (b *between) predecessor(then *unstructured.Unstructured) *unstructured.Unstructured {
	if !isVersioned(then) {
		return nil
	}
	i := slices.IndexFunc(b.before.Objects, func(u *unstructured.Unstructured) bool {
		r := refOf(u)
		return isVersioned(u) && r.Kind == then.GetKind() && find(b.after.Objects, r) == nil && !b.isReplaced(r)
	})
	if i < 0 {
		return nil
	}
	return b.before.Objects[i]
}

func (b *between) isReplaced(r Ref) bool {
	return slices.ContainsFunc(b.changes, func(c Change) bool { return c.Replaces == r.Name && c.Kind == r.Kind })
}

func (b *between) add(r Ref, action Action, found []Difference) {
	b.changes = append(b.changes, Change{Ref: r, Action: action, Differences: append([]Difference{}, found...)})
}

func find(objects []*unstructured.Unstructured, r Ref) *unstructured.Unstructured {
	i := slices.IndexFunc(objects, func(u *unstructured.Unstructured) bool { return refOf(u).same(r) })
	if i < 0 {
		return nil
	}
	return objects[i]
}
