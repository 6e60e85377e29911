package kube

import (
	"strings"
	"testing"
)

func TestWithImage(t *testing.T) {
	r := revisionOf(t, 4, secretOne, service, deployment)
	r.ConfigHash = "abc"
	set, err := r.WithImage(testTarget, "a:2")
	if err != nil {
		t.Fatal(err)
	}
	if set.Image() != "a:2" || set.ConfigHash != "abc" || set.Restores != 0 || len(set.Kept) != 1 || len(set.Objects) != 2 {
		t.Errorf("the set is %+v", set)
	}
	if before := r.Set(testTarget).Image(); before != "a:1" {
		t.Errorf("the revision has become one of %s", before)
	}
	// Objects as rendering makes them stay what they are if the image does.
	rendered := revisionOf(t, 5, service, labelled)
	same, err := rendered.WithImage(testTarget, "a:1")
	if err != nil {
		t.Fatal(err)
	}
	got, want := mustDigest(t, same), mustDigest(t, rendered.Set(testTarget))
	if got != want {
		t.Errorf("with the same image it is another one: %v", same.Objects[1].Object)
	}
}

// labelled is a Deployment with the labels that rendering makes of the image.
const labelled = `
apiVersion: apps/v1
kind: Deployment
metadata: {namespace: ns, name: d, labels: {version: v1, app.kubernetes.io/version: "1"}}
spec: {template: {metadata: {labels: {version: v1, app.kubernetes.io/version: "1"}}, spec: {containers: [{name: otlp-receiver, image: 'a:1'}]}}}
`

func mustDigest(t *testing.T, s Set) string {
	t.Helper()
	text, err := s.digest()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWithImageRefuses(t *testing.T) {
	f := func(r Revision, image, want string) {
		t.Helper()
		if _, err := r.WithImage(testTarget, image); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	f(revisionOf(t, 4, service), "a:2", "revision 4 of d in ns has no Deployment")
	f(revisionOf(t, 4, service, deployment), "A", "deployment/d of revision 4: \"A\" is no name of an image")
}

func TestComplete(t *testing.T) {
	one, two := revisionOf(t, 1, deployment), revisionOf(t, 2, deploymentTwo)
	f := func(in inventory, want int, wantErr bool) {
		t.Helper()
		got, err := historyOf(testTarget, in, []Revision{one, two}).Complete()
		if (err != nil) != wantErr || got.Number != want {
			t.Errorf("%+v: %d, %v; want %d", in, got.Number, err, want)
		}
	}
	f(inventory{Revision: 2, Digest: "x"}, 2, false)
	f(inventory{Revision: 2}, 2, false)
	f(inventory{Revision: 2, Restores: 1}, 1, false)
	f(inventory{}, 2, false)
	f(inventory{Revision: 7, Digest: "x"}, 0, true)
}
