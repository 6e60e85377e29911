package kube

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Who gets the number of pods from whom, by who has set it and whether it is wanted.
func TestCount(t *testing.T) {
	target := Target{"ns", "d"}
	deployment := func(replicas int, managers ...string) *unstructured.Unstructured {
		spec, fields := "", make([]string, len(managers))
		if replicas > 0 {
			spec = fmt.Sprintf("replicas: %d", replicas)
		}
		for i, manager := range managers {
			fields[i] = fmt.Sprintf("{manager: %s, operation: Apply, fieldsType: FieldsV1, fieldsV1: {'f:spec': {'f:replicas': {}}}}", manager)
		}
		return object(t, fmt.Sprintf("{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: ns, name: d, managedFields: [%s]}, spec: {%s}}", strings.Join(fields, ", "), spec))
	}
	scaler := object(t, "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {namespace: ns, name: d}, spec: {minReplicas: 3, scaleTargetRef: {kind: Deployment, name: d}}}")
	f := func(now, then *unstructured.Unstructured, scaled bool, want string) {
		t.Helper()
		p := &Plan{Target: target, set: Set{Target: target, Objects: []*unstructured.Unstructured{then}}}
		if scaled {
			p.set.Objects = append(p.set.Objects, scaler)
		}
		got, c := "nothing", countOf(p, now, then)
		switch {
		case c.given != nil:
			got = fmt.Sprintf("gives %d", *c.given)
		case c.taken != nil:
			got = fmt.Sprintf("takes %d", *c.taken)
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	ours, theirs := FieldManager, autoscalerManager
	f(nil, deployment(0), true, "gives 3")
	f(nil, deployment(0), false, "nothing")
	f(nil, deployment(5), false, "nothing")
	f(deployment(4, ours), deployment(0), true, "gives 4")
	f(deployment(4, ours), deployment(0), false, "gives 4")
	f(deployment(4, ours, countManager), deployment(0), true, "nothing")
	f(deployment(4, theirs), deployment(0), true, "nothing")
	f(deployment(4, countManager), deployment(2), false, "takes 4")
	f(deployment(4, theirs), deployment(2), false, "takes 4")
	f(deployment(4, theirs), deployment(4), false, "nothing")
	f(deployment(4, "kubectl"), deployment(2), false, "nothing")
	f(deployment(4, ours), deployment(2), false, "nothing")
	f(nil, scaler, true, "nothing")
}

func TestSettles(t *testing.T) {
	f := func(c count, field, manager string, want bool) {
		t.Helper()
		if got := c.settles(ConflictError{[]Conflict{{Manager: manager, Field: field}}}); got != want {
			t.Errorf("%s by %s: %v, want %v", field, manager, got, want)
		}
	}
	taking := count{taken: new(int64(4))}
	f(taking, "spec.replicas", autoscalerManager, true)
	f(taking, "spec.replicas", countManager, true)
	f(taking, "spec.replicas", "kubectl", false)
	f(taking, "spec.paused", autoscalerManager, false)
	f(count{}, "spec.replicas", autoscalerManager, false)
	if !taking.settles(ConflictError{}) || !(count{}).settles(ConflictError{}) {
		t.Error("no conflict is one")
	}
}

func TestWithReplicas(t *testing.T) {
	u := object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: ns, name: d}, spec: {paused: true}}")
	if n, _ := replicas(withReplicas(u, 3)); n != 3 {
		t.Errorf("%d replicas", n)
	}
	if _, set := replicas(u); set {
		t.Error("the original has changed")
	}
	only := replicasOnly(u, 3)
	if _, paused, _ := unstructured.NestedBool(only.Object, "spec", "paused"); paused || !refOf(only).same(refOf(u)) {
		t.Errorf("%v", only.Object)
	}
}
