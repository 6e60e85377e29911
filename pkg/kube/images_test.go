package kube

import (
	"strings"
	"testing"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

func TestJudgeImage(t *testing.T) {
	const (
		there   = "registry.example.com/a:1"
		nowhere = "a:1"
	)
	has := func(name string, images ...string) Node { return Node{Name: name, images: images} }
	none, one := []Node{has("n0"), has("n1")}, []Node{has("n0", there, "docker.io/library/a:1"), has("n1")}
	f := func(d imageDoubt, warning, fault string) {
		t.Helper()
		got, err := d.judge()
		if (warning == "") != (got == "") || !strings.Contains(got, warning) || (fault == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), fault) {
			t.Errorf("%+v: %q and %v, want %q and %q", d, got, err, warning, fault)
		}
	}
	// The registry is sure, unless a node has it.
	f(imageDoubt{image: there, said: Missing, nodes: none}, "", "its registry knows no such image")
	f(imageDoubt{image: there, said: Missing}, "", "its registry knows no such image")
	f(imageDoubt{image: there, said: Missing, nodes: one}, "", "")
	f(imageDoubt{image: there, said: Missing, nodes: one, policy: corev1.PullAlways}, "", "its registry knows no such image")
	// Another one may answer the nodes under that name.
	f(imageDoubt{image: nowhere, said: Missing, nodes: none}, "is not in its registry", "")
	f(imageDoubt{image: "localhost:5000/a:1", said: Missing, nodes: none}, "is not in its registry", "")
	f(imageDoubt{image: "a/b:1", said: Missing, nodes: none}, "is not in its registry", "")
	// So may credentials.
	f(imageDoubt{image: there, said: Denied, nodes: none}, "wants credentials", "")
	f(imageDoubt{image: there, said: Denied, nodes: none, logins: true}, "", "")
	f(imageDoubt{image: there, said: Denied, nodes: one}, "", "")
	// Whoever does not answer says nothing.
	f(imageDoubt{image: there, nodes: none}, "", "")
	f(imageDoubt{image: nowhere, nodes: none}, "no node is known to have a:1", "")
	f(imageDoubt{image: "localhost/a:1", nodes: none}, "no node is known to have localhost/a:1", "")
	f(imageDoubt{image: nowhere}, "", "")
	f(imageDoubt{image: nowhere, nodes: one}, "these nodes are not known to have a:1, and its name says no registry: n1;", "")
	f(imageDoubt{image: there, nodes: one}, "", "")
	// Never is never, and what nodes tell comes late.
	f(imageDoubt{image: there, nodes: one, policy: corev1.PullNever}, "do not tell that they have registry.example.com/a:1: n1;", "")
	f(imageDoubt{image: there, nodes: none, policy: corev1.PullNever}, "that they have registry.example.com/a:1: n0, n1;", "")
	f(imageDoubt{image: there, nodes: one[:1], policy: corev1.PullNever}, "", "")
	f(imageDoubt{image: there, policy: corev1.PullNever}, "", "")
}

func TestNodeHas(t *testing.T) {
	const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	f := func(image, listed string, want bool) {
		t.Helper()
		if got := (Node{images: []string{"<none>@<none>", listed}}).has(image); got != want {
			t.Errorf("%s of %s: %v", image, listed, got)
		}
	}
	f("a:1", "docker.io/library/a:1", true)
	f("a", "docker.io/library/a:latest", true)
	f("a/b:1", "docker.io/a/b:1", true)
	f("a:1", "example.com/a:1", false)
	f("example.com/a:1", "example.com/a:1", true)
	f("example.com/a:1", "example.com/a:2", false)
	f("example.com/a:1@"+digest, "example.com/a@"+digest, true)
	f("example.com/a:1@"+digest, "example.com/a:1", false)
}

func TestBringsImage(t *testing.T) {
	f := func(now, then string, want bool) {
		t.Helper()
		p := Plan{Target: testTarget, set: setOf(t, then)}
		change := Change{Ref: refOf(object(t, then)), Action: Configured}
		if now != "" {
			change.now = object(t, now)
		}
		p.Changes = []Change{{Ref: refOf(object(t, service))}, change}
		if got := p.bringsImage(); got != want {
			t.Errorf("%s → %s: %v", now, then, got)
		}
	}
	f("", deployment, true)
	f(deployment, deployment, false)
	f(deployment, deploymentTwo, true)
}

func TestRunningDigest(t *testing.T) {
	const pod = `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: sidecar, image: b}, {name: otlp-receiver, image: 'a:1'}]},
		status: {containerStatuses: [{name: sidecar, imageID: 'b@sha256:2'}, {name: otlp-receiver, imageID: 'X'}]}}`
	f := func(id, image, want string) {
		t.Helper()
		if got, err := runningDigest(object(t, strings.Replace(pod, "'X'", "'"+id+"'", 1)), image); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", id, got, err, want)
		}
	}
	f("docker.io/library/a@sha256:1", "a:1", "sha256:1")
	f("docker-pullable://a@sha256:1", "a:1", "sha256:1")
	f("sha256:1", "a:1", "") // was loaded
	f("", "a:1", "")
	f("docker.io/library/a@sha256:1", "a:2", "") // runs the image before
}

// A digest becomes known when the rest of a revision no longer changes.
func TestRevisionDigest(t *testing.T) {
	f := func(image, digest, want string) {
		t.Helper()
		bare, err := encodeRevision(testTarget, Revision{Number: 1, Image: image})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := encodeRevision(testTarget, Revision{Number: 1, Image: image, ImageDigest: digest})
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeRevision(testTarget, stored)
		if err != nil || got.ImageDigest != want {
			t.Errorf("%s: %q, %v, want %q", image, got.ImageDigest, err, want)
		}
		if a, b := bare.Object["data"].(map[string]any)[revisionKey], stored.Object["data"].(map[string]any)[revisionKey]; a != b {
			t.Errorf("what never changes is %s with a digest, and %s without", b, a)
		}
	}
	f("a:1", "", "")
	f("a:1", "sha256:1", "sha256:1")
	f("a:1@sha256:2", "", "sha256:2")
	f("a:1@sha256:2", "sha256:2", "sha256:2")
}
