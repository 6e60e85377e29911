package kube

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// RecordedBounds returns how many pods the revision that is deployed says that there are to be, and its number;
// 0 if none is kept.
func (c *Client) RecordedBounds(ctx context.Context, t Target) (Bounds, int, error) {
	in, revisions, err := c.remembered(ctx, t)
	if err != nil || len(revisions) == 0 {
		return Bounds{}, 0, err
	}
	r, err := historyOf(t, in, revisions).Complete()
	if err != nil {
		return Bounds{}, 0, nil //nolint:nilerr // it is not kept any more
	}
	b, known := r.Set(t).bounds()
	if !known {
		return Bounds{}, 0, nil
	}
	return b, r.Number, nil
}

// bounds returns how many pods a set says that there are to be, if it does.
func (s Set) bounds() (Bounds, bool) {
	for _, u := range s.Objects {
		if s.isAutoscaler(u) {
			return autoscalerBounds(u), true
		}
	}
	if d := find(s.Objects, s.deployment()); d != nil {
		if n, set := replicas(d); set {
			return Bounds{Replicas: &n}, true
		}
	}
	return Bounds{}, false
}

// scaleFields are the fields that scaling sets, by the kind of object.
func scaleFields(kind string) []string {
	switch kind {
	case "Deployment":
		return []string{"replicas"}
	case autoscalerKind:
		return []string{"minReplicas", "maxReplicas"}
	}
	return nil
}

// keepScale returns an object with the bounds that it has in the cluster, as far as otlpctl has set them.
func keepScale(now, then *unstructured.Unstructured) *unstructured.Unstructured {
	if now == nil {
		return then
	}
	for _, field := range scaleFields(then.GetKind()) {
		value, isThere, _ := unstructured.NestedInt64(now.Object, "spec", field)
		wanted, isWanted, _ := unstructured.NestedInt64(then.Object, "spec", field)
		if !isThere || !isWanted || value == wanted || !slices.Contains(ownersOf(now, "spec", field), FieldManager) {
			continue
		}
		then = then.DeepCopy()
		spec, _ := then.Object["spec"].(map[string]any)
		spec[field] = value
	}
	return then
}

// Rescales returns what a change does to how many pods there may be: mostly, it puts back what "otlpctl scale"
// has set.
func (c Change) Rescales() []Difference {
	if c.Action != Configured {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.Differences), func(d Difference) bool {
		return !slices.ContainsFunc(scaleFields(c.Kind), func(field string) bool { return d.Path == "spec."+field })
	})
}
