package kube

import (
	"slices"
	"strings"
	"testing"
	"time"
)

const deploymentTwo = "{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: ns, name: d}, spec: {template: {spec: {containers: [{name: sidecar, image: b}, {name: otlp-receiver, image: 'a:2'}]}}}}"

// revisionOf makes a revision of objects.
func revisionOf(t *testing.T, number int, objects ...string) Revision {
	t.Helper()
	s := setOf(t, objects...)
	return Revision{Number: number, Image: s.Image(), Secrets: s.secrets(), Objects: s.open()}
}

func TestChangesBetween(t *testing.T) {
	f := func(before, after []string, want ...string) {
		t.Helper()
		var got []string
		for _, c := range changesBetween(revisionOf(t, 1, before...), revisionOf(t, 2, after...)) {
			text := string(c.Action) + " " + c.String()
			if c.Replaces != "" {
				text += " for " + c.Replaces
			}
			for _, d := range c.Differences {
				text += ", " + d.Path
			}
			got = append(got, text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	secretTwo := strings.ReplaceAll(secretOne, "secrets-1", "secrets-2")
	f([]string{service, deployment}, []string{service, deployment})
	f([]string{service, deployment}, []string{service, deploymentTwo}, "configured deployment/d, spec.template.spec.containers[otlp-receiver].image")
	f([]string{deployment}, []string{service, deployment}, "created service/d")
	f([]string{service, deployment}, []string{deployment}, "deleted service/d")
	f([]string{configOne}, []string{configTwo}, "created configmap/d-config-2 for d-config-1, data.a")
	f([]string{secretOne}, []string{secretTwo}, "created secret/d-secrets-2 for d-secrets-1")
	f([]string{secretOne}, []string{service}, "created service/d", "deleted secret/d-secrets-1")
	f(nil, []string{secretOne, configOne}, "created configmap/d-config-1", "created secret/d-secrets-1")
}

func TestPrevious(t *testing.T) {
	one, two := []string{service, deployment}, []string{service, deploymentTwo}
	f := func(in inventory, want int, wantErr string, revisions ...Revision) {
		t.Helper()
		got, err := historyOf(testTarget, in, revisions).Previous()
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) {
				t.Errorf("error %v, want %q", err, wantErr)
			}
			return
		}
		if err != nil || got.Number != want {
			t.Errorf("got %d, %v; want %d", got.Number, err, want)
		}
	}
	at := func(number int) inventory { return inventory{Revision: number, Digest: "x"} }
	first, second := revisionOf(t, 1, one...), revisionOf(t, 2, two...)
	f(at(2), 1, "", first, second)
	f(at(1), 0, "there is nothing to go back to", first)
	// An undo can be undone, and what is the same is no step back.
	f(at(3), 2, "", first, second, revisionOf(t, 3, one...))
	f(at(3), 1, "", first, second, revisionOf(t, 3, two...))
	f(at(2), 0, "there is nothing to go back to", first, revisionOf(t, 2, one...))
	// What failed, and was given up for the one before, is nothing to go back to unless its number is given.
	again := revisionOf(t, 4, two...)
	again.GaveUp = 3
	f(at(4), 1, "", first, second, revisionOf(t, 3, service), again)
	f(at(2), 0, "there is nothing to go back to", first, func() Revision {
		r := revisionOf(t, 2, two...)
		r.GaveUp = 1
		return r
	}())
	// What was stored by a deployment that was cut off then comes after the current one.
	f(at(1), 0, "there is nothing to go back to", first, second)
	f(inventory{Revision: 1}, 1, "", first, second)
	f(inventory{Revision: 2, Restores: 1}, 1, "", first, second)
	f(inventory{}, 2, "", first, second)
	f(at(9), 0, "revision 9 of d in ns is not kept", first, second)
}

func TestHistory(t *testing.T) {
	h := historyOf(testTarget, inventory{Revision: 4, Digest: "x"}, []Revision{revisionOf(t, 3, service), revisionOf(t, 4, service)})
	if h.Entries[0].Changes != nil || h.Entries[0].IsCurrent {
		t.Errorf("the first is %+v", h.Entries[0])
	}
	if h.Entries[1].Changes == nil || len(h.Entries[1].Changes) > 0 || !h.Entries[1].IsCurrent {
		t.Errorf("the second is %+v", h.Entries[1])
	}
	_, err := h.Find(5)
	if hint, ok := err.(interface{ Hint() string }); !ok || hint.Hint() != "kept are 3, 4" {
		t.Errorf("error %v", err)
	}
}

func TestUnrestored(t *testing.T) {
	r := revisionOf(t, 1, `
apiVersion: apps/v1
kind: Deployment
metadata: {namespace: ns, name: d}
spec:
  template:
    spec:
      volumes:
      - {name: a, secret: {secretName: ours}}
      - {name: b, secret: {secretName: live}}
      - {name: c, projected: {sources: [{secret: {name: projected}}, {configMap: {name: other}}]}}
      containers:
      - name: otlp-receiver
        envFrom: [{secretRef: {name: whole}}]
        env: [{name: X, valueFrom: {secretKeyRef: {name: single, key: X}}}]
`)
	secret := func(name string, versioned bool) entry {
		return entry{Ref: Ref{"v1", "Secret", "ns", name}, Versioned: versioned}
	}
	h := historyOf(testTarget, inventory{Revision: 1, Objects: []entry{secret("ours", true), secret("live", false)}}, []Revision{r})
	var got []string
	for _, ref := range h.Unrestored(r) {
		got = append(got, ref.Name)
	}
	if want := []string{"live", "projected", "single", "whole"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestIsOutside(t *testing.T) {
	began := time.Unix(1e9, 0)
	revisions := []Revision{{Number: 3, Image: "a:1", ConfigHash: "x", Time: began}, {Number: 4, Image: "a:2", ConfigHash: "y", Time: began.Add(time.Hour)}}
	f := func(image, hash string, after time.Duration, want bool) {
		t.Helper()
		if got := isOutside(Outside{Image: image, ConfigHash: hash, Time: began.Add(after)}, revisions); got != want {
			t.Errorf("%s with %q: got %v", image, hash, got)
		}
	}
	f("a:1", "x", 0, false)
	f("a:2", "y", time.Minute, false)
	f("a:2", "", time.Minute, false) // which reads its configuration again
	f("a:3", "x", time.Minute, true)
	f("a:1", "y", time.Minute, true)
	f("a:3", "x", -time.Minute, false)
	if isOutside(Outside{Image: "a:1"}, nil) {
		t.Error("without revisions nobody knows")
	}
}
