package kube

import (
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// count is how the number of pods passes from one who decides on it to another. Nothing that is done
// in between may make it smaller than it is.
type count struct {
	// given is what an autoscaler finds when it takes over: the number of a new Deployment, or the one
	// that is there. nil gives nothing over.
	given *int64
	// taken is the number that is there when an autoscaler has to give it back, which it has only once
	// it is gone. nil takes nothing back.
	taken *int64
	fresh bool
}

const autoscalerManager = "kube-controller-manager"

// countOf returns how the number of pods of an object is passed on.
func countOf(p *Plan, now, then *unstructured.Unstructured) count {
	if !refOf(then).same(p.deployment()) {
		return count{}
	}
	wanted, decided := replicas(then)
	least, scales := p.set.autoscaled()
	switch {
	case now == nil && !decided && scales:
		return count{given: &least, fresh: true}
	case now == nil:
		return count{}
	}
	current, _ := replicas(now)
	owners := ownersOf(now, "spec", "replicas")
	switch {
	case !decided && slices.Equal(owners, []string{FieldManager}):
		return count{given: &current}
	case decided && wanted != current && slices.ContainsFunc(owners, isAutoscaler):
		return count{taken: &current}
	}
	return count{}
}

func isAutoscaler(manager string) bool {
	return manager == autoscalerManager || manager == countManager
}

func replicas(u *unstructured.Unstructured) (n int64, set bool) {
	n, set, _ = unstructured.NestedInt64(u.Object, "spec", "replicas")
	return n, set
}

// autoscaled returns how many pods the autoscaler of the set keeps at least, if there is one.
func (s Set) autoscaled() (least int64, ok bool) {
	for _, u := range s.Objects {
		if s.isAutoscaler(u) {
			return *autoscalerBounds(u).Min, true
		}
	}
	return 0, false
}

// isAutoscaler reports whether an object decides on the number of pods.
func (s Set) isAutoscaler(u *unstructured.Unstructured) bool {
	target, _, _ := unstructured.NestedString(u.Object, "spec", "scaleTargetRef", "name")
	return u.GetKind() == autoscalerKind && target == s.Name
}

// planned returns the object that the dry run is to be of. What passes the number on is not in it.
func (c count) planned(then *unstructured.Unstructured) *unstructured.Unstructured {
	if c.given == nil {
		return then
	}
	return withReplicas(then, *c.given)
}

// settles reports whether conflicts are nothing but the autoscaler's, which is giving up.
func (c count) settles(found ConflictError) bool {
	return len(found.Conflicts) == 0 || c.taken != nil && found.within("spec.replicas", autoscalerManager, countManager)
}

// differences says that somebody else is to decide on the number.
func (c count) differences() []Difference {
	if c.given == nil || c.fresh {
		return nil
	}
	n := strconv.FormatInt(*c.given, 10)
	return []Difference{{Path: "spec.replicas", Now: new(n), Then: new(n + ", then as the autoscaler has it")}}
}

// withReplicas returns a copy with that number of pods.
func withReplicas(u *unstructured.Unstructured, n int64) *unstructured.Unstructured {
	u = u.DeepCopy()
	if spec, ok := u.Object["spec"].(map[string]any); ok {
		spec["replicas"] = n
	}
	return u
}

// replicasOnly returns nothing but the number of pods of an object.
func replicasOnly(u *unstructured.Unstructured, n int64) *unstructured.Unstructured {
	only := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": u.GetAPIVersion(), "kind": u.GetKind(), "spec": map[string]any{"replicas": n},
	}}
	only.SetName(u.GetName())
	only.SetNamespace(u.GetNamespace())
	return only
}
