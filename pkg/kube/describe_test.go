package kube

import (
	"fmt"
	"slices"
	"testing"
)

func TestRecorded(t *testing.T) {
	f := func(text string, want ObjectState, by ...string) {
		t.Helper()
		o := recorded(testTarget.deployment(), object(t, text))
		var found []string
		for _, c := range o.ChangedBy {
			at := "?"
			if c.Time != nil {
				at = fmt.Sprint(c.Time.Hour())
			}
			found = append(found, c.Manager+" "+at)
		}
		if o.State != want || !slices.Equal(found, by) {
			t.Errorf("%s by %q, want %s by %q", o.State, found, want, by)
		}
	}
	f(`{apiVersion: v1, kind: Service, metadata: {name: d, creationTimestamp: 2026-01-01T12:00:00Z, managedFields: [
		{manager: otlpctl, operation: Apply}, {manager: otlpctl-replicas, operation: Apply}, {manager: kube-controller-manager, operation: Update},
		{manager: later, operation: Update, time: 2026-01-01T13:00:00Z}, {manager: kubectl-edit, operation: Update, time: 2026-01-01T12:00:00Z},
		{manager: cloud, operation: Update, subresource: status}, {manager: kubectl, operation: Update, subresource: scale, time: 2026-01-01T14:00:00Z}]}}`,
		Present, "kubectl-edit 12", "later 13", "kubectl 14")
	f(`{apiVersion: v1, kind: Service, metadata: {name: d, deletionTimestamp: 2026-01-01T12:00:00Z}}`, Deleting)
	if o := recorded(testTarget.deployment(), nil); o.State != Absent || o.Created != nil {
		t.Errorf("what is not there is %+v", o)
	}
}

// What only earlier revisions need is not part of what is deployed.
func TestShown(t *testing.T) {
	s := setOf(t, configTwo, service)
	in := inventory{}.with(s)
	in.Objects = append(in.Objects, entry{Ref: refOf(object(t, configOne)), Versioned: true}, entry{Ref: testTarget.deployment()})
	var names []string
	for _, r := range in.shown(s) {
		names = append(names, r.String())
	}
	if want := []string{"configmap/d-config-2", "service/d", "deployment/d"}; !slices.Equal(names, want) {
		t.Errorf("shown are %v, want %v", names, want)
	}
}

func TestConfigMode(t *testing.T) {
	if got := configMode(setOf(t, configOne)); got != "versioned" {
		t.Errorf("it is %s", got)
	}
	if got := configMode(setOf(t, service)); got != "live" {
		t.Errorf("it is %s", got)
	}
}

func TestRevisionRecord(t *testing.T) {
	r := testTarget.RevisionRecord(3)
	if r.Object.String() != "configmap/d-revision-3" || r.Selector != "otlpctl.io/record=revision,app.kubernetes.io/instance=d" {
		t.Errorf("it is %+v", r)
	}
}
