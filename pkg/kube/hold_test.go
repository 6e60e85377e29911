package kube

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// planOf plans one change of the Deployment by its fields that change.
func planOf(t *testing.T, change Change, paths ...string) *Plan {
	t.Helper()
	if change.then == nil {
		change.then = object(t, deployment)
	}
	change.Ref = refOf(change.then)
	for _, path := range paths {
		change.Differences = append(change.Differences, Difference{Path: path})
	}
	return &Plan{Target: testTarget, Revision: 1, Changes: []Change{change}, digest: "new", set: Set{Target: testTarget, ConfigHash: "abc"}}
}

// Which pods there will be to judge, and how they come.
func TestPodsOfAPlan(t *testing.T) {
	recreates := func() *unstructured.Unstructured {
		u := object(t, deployment)
		_ = unstructured.SetNestedField(u.Object, "Recreate", "spec", "strategy", "type")
		return u
	}
	f := func(p *Plan, want ...string) {
		t.Helper()
		var got []string
		for _, is := range []struct {
			so   bool
			name string
		}{{p.ReplacesPods(), "replaces"}, {p.steps(p.Changes[0]), "steps"}, {p.ChangesPods(), "changes"}} {
			if is.so {
				got = append(got, is.name)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%+v: %q, want %q", p.Changes[0].Differences, got, want)
		}
	}
	const image, hash = "spec.template.spec.containers[otlp-receiver].image", "metadata.annotations[otlpctl.io/config-hash]"
	f(planOf(t, Change{Action: Created}), "replaces")
	f(planOf(t, Change{Action: Unchanged}))
	f(planOf(t, Change{Action: Configured}, "metadata.labels.a", "spec.replicas"))
	f(planOf(t, Change{Action: Configured}, image), "replaces", "steps")
	f(planOf(t, Change{Action: Configured, Recreated: true}, "spec.selector"), "replaces")
	f(planOf(t, Change{Action: Configured, then: recreates()}, image), "replaces")
	f(planOf(t, Change{Action: Configured}, hash), "changes")
	none := withReplicas(object(t, deployment), 0)
	f(planOf(t, Change{Action: Created, then: none}))
	f(planOf(t, Change{Action: Configured, now: none}, image))
	f(planOf(t, Change{Action: Configured, now: none, then: withReplicas(none, 1)}, image), "replaces", "steps")
	versioned := planOf(t, Change{Action: Configured}, hash, image)
	versioned.set.Objects = append(versioned.set.Objects, object(t, configOne))
	f(versioned, "replaces", "steps")
}

func TestRefuseGate(t *testing.T) {
	now := func(paused bool) *unstructured.Unstructured {
		u := object(t, deployment)
		_ = unstructured.SetNestedField(u.Object, paused, "spec", "paused")
		return u
	}
	f := func(p *Plan, want string) {
		t.Helper()
		err := p.RefuseGate()
		got := ""
		if err != nil {
			got = err.Error()
		}
		if _, isHinted := errors.AsType[hinted.Error](err); got != want || (err != nil && !isHinted) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	orphan := func(change Change, paths ...string) *Plan {
		p := planOf(t, change, paths...)
		p.Revision = 0
		return p
	}
	f(planOf(t, Change{Action: Created}), "")
	f(planOf(t, Change{Action: Configured, now: now(false)}, "spec.template"), "")
	f(planOf(t, Change{Action: Unchanged, now: now(true)}), "deployment/d in ns is paused")
	f(orphan(Change{Action: Created}), "")
	f(orphan(Change{Action: Configured, now: now(false)}, "spec.replicas"), "")
	f(orphan(Change{Action: Configured, now: now(false)}, "spec.template"), "deployment/d in ns is there, and no revision of it to go back to")
}
