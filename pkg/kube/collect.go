package kube

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// collect deletes the revisions that are too many, and the ConfigMaps and Secrets that only they
// needed. It returns which of the objects in the inventory are gone.
func (e *execution) collect(ctx context.Context, all inventory, revisions []Revision) ([]Ref, error) {
	for len(revisions) > revisionsKept {
		if err := e.remove(ctx, revisions[0].stored); err != nil {
			return nil, err
		}
		revisions = revisions[1:]
	}
	var idle []Ref
	for _, entry := range all.left(e.plan.set) {
		if entry.Versioned && !neededBy(revisions, entry.Ref) {
			idle = append(idle, entry.Ref)
		}
	}
	if len(idle) == 0 {
		return nil, nil
	}
	used, err := e.mounted(ctx)
	if err != nil {
		return nil, err
	}
	var gone []Ref
	for _, r := range idle {
		if used[r.Name] {
			continue
		}
		if err := e.collectOne(ctx, r); err != nil {
			return gone, err
		}
		gone = append(gone, r)
	}
	return gone, nil
}

func (e *execution) collectOne(ctx context.Context, r Ref) error {
	now, err := e.read(ctx, r)
	if err != nil || now == nil || !isOurs(now) {
		return err
	}
	change := Change{Ref: r, Action: Deleted, Differences: []Difference{}, now: now}
	e.say(verb(change))
	if err := e.remove(ctx, now); err != nil {
		return err
	}
	e.done.Changes = append(e.done.Changes, change)
	return nil
}

func neededBy(revisions []Revision, r Ref) bool {
	for _, revision := range revisions {
		if revision.needs(r) {
			return true
		}
	}
	return false
}

// mounted returns the words in the ReplicaSets of the deployment, among them the names of what their
// pods mount: the cluster itself may go back to any of them.
func (e *execution) mounted(ctx context.Context) (map[string]bool, error) {
	ctx, cancel := e.limit(ctx)
	defer cancel()
	t := e.plan.Target
	list, err := e.resource(Ref{"apps/v1", "ReplicaSet", t.Namespace, ""}).List(ctx, metav1.ListOptions{LabelSelector: "app=" + t.Name})
	if err != nil {
		return nil, fmt.Errorf("list the ReplicaSets of %s: %w", t, e.Explain(err))
	}
	used := map[string]bool{}
	for _, u := range list.Items {
		pod, _, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "template", "spec")
		collectWords(used, pod)
	}
	return used, nil
}

func collectWords(words map[string]bool, value any) {
	switch value := value.(type) {
	case string:
		words[value] = true
	case map[string]any:
		for _, field := range value {
			collectWords(words, field)
		}
	case []any:
		for _, element := range value {
			collectWords(words, element)
		}
	}
}
