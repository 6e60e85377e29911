package kube

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Records are read with the rights of who deploys, and may be written by who has less.
func TestTargetOwns(t *testing.T) {
	f := func(r Ref, want bool) {
		t.Helper()
		if got := testTarget.owns(r); got != want {
			t.Errorf("%+v: %v", r, got)
		}
	}
	f(Ref{"v1", "Service", "ns", "d"}, true)
	f(Ref{"apps/v1", "Deployment", "ns", "other"}, true)
	f(Ref{"gateway.networking.k8s.io/v1", "HTTPRoute", "ns", "d"}, true)
	f(Ref{"v1", "Namespace", "", "ns"}, true)
	f(Ref{"v1", "Namespace", "", "kube-system"}, false)
	f(Ref{"v1", "Service", "other", "d"}, false)
	f(Ref{"v1", "Service", "", "d"}, false)
	f(Ref{"rbac.authorization.k8s.io/v1", "ClusterRole", "", "ns"}, false)
	f(Ref{"v1", "Service", "ns", ""}, false)
	f(Ref{"v1", "", "ns", "d"}, false)
	f(Ref{"", "Service", "ns", "d"}, false)
	f(Ref{"v1", "x/../../other/Service", "ns", "d"}, false)
	f(Ref{"../v1", "Service", "ns", "d"}, false)
	f(Ref{"a/../v1", "Service", "ns", "d"}, false)
}

// What a revision has beyond its own deployment would be applied, and a copy be taken for another revision.
func TestRevisionScope(t *testing.T) {
	f := func(name string, r Revision, want string) {
		t.Helper()
		stored, err := encodeRevision(testTarget, r)
		if err != nil {
			t.Fatal(err)
		}
		stored.SetName(name)
		_, err = decodeRevision(testTarget, stored)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	role := object(t, "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: me}}")
	f("d-revision-3", Revision{Number: 3, Objects: []*unstructured.Unstructured{object(t, service)}}, "")
	f("d-revision-3", Revision{Number: 3, Objects: []*unstructured.Unstructured{role}}, `no object of ns: "clusterrolebinding/me"`)
	f("d-revision-3", Revision{Number: 3, Secrets: []Ref{{"v1", secretKind, "other", "s"}}}, `no object of ns: "secret/s"`)
	f("d-revision-4", Revision{Number: 3}, "its number is 3")
	f("d-revision--1", Revision{Number: -1}, "its number is -1")
}

func TestIsOurs(t *testing.T) {
	f := func(managed string, want bool) {
		t.Helper()
		if got := isOurs(object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: ["+managed+"]}}")); got != want {
			t.Errorf("%s: %v", managed, got)
		}
	}
	f("", false)
	f("{manager: kubectl-create, operation: Update, apiVersion: v1}", false)
	f("{manager: otlpctl, operation: Update, apiVersion: v1}", false)
	f("{manager: kubectl, operation: Update, apiVersion: v1}, {manager: otlpctl, operation: Apply, apiVersion: v1}", true)
}
