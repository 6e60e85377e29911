package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

func boundsText(b Bounds) string {
	if b.Replicas != nil {
		return fmt.Sprint(*b.Replicas)
	}
	return fmt.Sprintf("%d to %d", *b.Min, *b.Max)
}

// autoscaled and fixed are the bounds of what has an autoscaler, and of what has none.
func autoscaled(least, most int64) Bounds { return Bounds{Min: &least, Max: &most} }
func fixed(n int64) Bounds                { return Bounds{Replicas: &n} }

func TestDecide(t *testing.T) {
	f := func(before Bounds, want ScaleRequest, after string, action Action, raised bool) {
		t.Helper()
		s := &Scaling{Target: testTarget, Object: testTarget.deployment(), Action: Unchanged, Before: before, After: before}
		if err := s.Decide(want); err != nil {
			t.Fatal(err)
		}
		if boundsText(s.After) != after || s.Action != action || s.Raised != raised {
			t.Errorf("%s is %s, raised %v; want %s %s", boundsText(s.After), s.Action, s.Raised, after, action)
		}
	}
	n := func(n int64) *int64 { return &n }
	f(autoscaled(3, 10), ScaleRequest{Pods: n(5)}, "5 to 10", Configured, false)
	f(autoscaled(3, 10), ScaleRequest{Pods: n(12)}, "12 to 12", Configured, true)
	f(autoscaled(3, 10), ScaleRequest{Pods: n(3)}, "3 to 10", Unchanged, false)
	f(autoscaled(5, 10), ScaleRequest{Pods: n(2)}, "2 to 10", Configured, false)
	f(autoscaled(3, 10), ScaleRequest{Min: n(12)}, "12 to 12", Configured, true)
	f(autoscaled(3, 10), ScaleRequest{Max: n(20)}, "3 to 20", Configured, false)
	f(autoscaled(3, 10), ScaleRequest{Pods: n(2), Max: n(2)}, "2 to 2", Configured, false)
	f(fixed(3), ScaleRequest{Pods: n(5)}, "5", Configured, false)
	f(fixed(3), ScaleRequest{Pods: n(0)}, "0", Configured, false)
	f(fixed(3), ScaleRequest{Pods: n(3)}, "3", Unchanged, false)
}

func TestDecideRefuses(t *testing.T) {
	f := func(before Bounds, want ScaleRequest, text, hint string) {
		t.Helper()
		s := &Scaling{Target: testTarget, Object: Ref{Kind: "Thing", Name: "d"}, Action: Unchanged, Before: before, After: before}
		err := s.Decide(want)
		found, _ := errors.AsType[hinted.Error](err)
		if err == nil || err.Error() != text || !strings.Contains(found.Hint(), hint) || s.Action != Unchanged {
			t.Errorf("%v, hint %q; want %q", err, found.Hint(), text)
		}
	}
	n := func(n int64) *int64 { return &n }
	f(autoscaled(3, 10), ScaleRequest{Pods: n(0)}, "thing/d in ns keeps 1 pod at least", "deploy.autoscaling.enabled: false")
	f(autoscaled(3, 10), ScaleRequest{Max: n(2)}, "2 pods at most are fewer than the min_replicas of thing/d, 3", "--min 2 --max 2")
	f(fixed(3), ScaleRequest{Max: n(2)}, "thing/d in ns has no autoscaler, whose bounds --min and --max are", "scale NUMBER")
	f(fixed(3), ScaleRequest{Min: n(2)}, "thing/d in ns has no autoscaler, whose bounds --min and --max are", "scale NUMBER")
}

// The names of the fields are API.
func TestScalingJSON(t *testing.T) {
	f := func(s Scaling, want string) {
		t.Helper()
		if got, err := json.Marshal(s); err != nil || string(got) != want {
			t.Errorf("got\n%s %v\nwant\n%s", got, err, want)
		}
	}
	f(Scaling{Target: testTarget, Object: testTarget.deployment(), Action: Configured, Before: fixed(3), After: fixed(0), Current: 3},
		`{"namespace":"ns","name":"d","object":{"api_version":"apps/v1","kind":"Deployment","namespace":"ns","name":"d"},`+
			`"action":"configured","before":{"replicas":3},"after":{"replicas":0},"current_replicas":3}`)
	f(Scaling{Target: testTarget, Action: Unchanged, Before: autoscaled(3, 10), After: autoscaled(12, 12), Raised: true, Paused: true},
		`{"namespace":"ns","name":"d","object":{"api_version":"","kind":"","name":""},"action":"unchanged",`+
			`"before":{"min_replicas":3,"max_replicas":10},"after":{"min_replicas":12,"max_replicas":12},"max_raised":true,"current_replicas":0,"paused":true}`)
}

const scaler = "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {namespace: ns, name: d}, spec: {minReplicas: 3, maxReplicas: 10, scaleTargetRef: {kind: Deployment, name: d}}}"

// withOwner says who has set a field of the specification.
func withOwner(t *testing.T, text, field, manager string) *unstructured.Unstructured {
	t.Helper()
	return object(t, strings.Replace(text, "name: d}", "name: d, managedFields: [{manager: "+manager+
		", operation: Apply, fieldsType: FieldsV1, fieldsV1: {'f:spec': {'f:"+field+"': {}}}}]}", 1))
}

func TestKeepScale(t *testing.T) {
	f := func(now, then *unstructured.Unstructured, want string) {
		t.Helper()
		before := then.DeepCopy()
		kept := keepScale(now, then)
		set := Set{Target: testTarget, Objects: []*unstructured.Unstructured{kept}}
		if b, known := set.bounds(); !known || boundsText(b) != want {
			t.Errorf("it keeps %+v, want %s", b, want)
		}
		if !sameJSON(before.Object, then.Object) {
			t.Error("what is to be has changed")
		}
	}
	scaled := strings.Replace(scaler, "minReplicas: 3", "minReplicas: 6", 1)
	f(nil, object(t, scaler), "3 to 10")
	f(withOwner(t, scaled, "minReplicas", FieldManager), object(t, scaler), "6 to 10")
	f(withOwner(t, scaled, "minReplicas", "kubectl"), object(t, scaler), "3 to 10")
	const few = "{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: ns, name: d}, spec: {replicas: 3}}"
	many := strings.Replace(few, "3", "9", 1)
	f(withOwner(t, many, "replicas", FieldManager), object(t, few), "9")
	f(withOwner(t, many, "replicas", "kubectl"), object(t, few), "3")
	// Where an autoscaler decides, there is nothing to keep.
	open := object(t, deployment)
	if kept := keepScale(withOwner(t, many, "replicas", FieldManager), open); kept != open {
		t.Errorf("it has become %v", kept.Object)
	}
}

func TestRescales(t *testing.T) {
	f := func(c Change, want int) {
		t.Helper()
		if got := c.Rescales(); len(got) != want {
			t.Errorf("%s: %v", c.Ref, got)
		}
	}
	paths := []Difference{{Path: "spec.replicas"}, {Path: "spec.minReplicas"}, {Path: "spec.maxReplicas"}, {Path: "spec.other"}}
	change := func(kind string, action Action) Change {
		return Change{Ref: Ref{Kind: kind, Name: "d"}, Action: action, Differences: paths}
	}
	f(change("Deployment", Configured), 1)
	f(change(autoscalerKind, Configured), 2)
	f(change(autoscalerKind, Created), 0)
	f(change("Service", Configured), 0)
}
