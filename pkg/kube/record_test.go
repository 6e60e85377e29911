package kube

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var testTarget = Target{"ns", "d"} //nolint:gochecknoglobals // it does not change

func setOf(t *testing.T, objects ...string) Set {
	t.Helper()
	s := Set{Target: testTarget, ConfigHash: "abc"}
	for _, text := range objects {
		s.Objects = append(s.Objects, object(t, text))
	}
	return s
}

const (
	configOne  = "{apiVersion: v1, kind: ConfigMap, metadata: {namespace: ns, name: d-config-1}, immutable: true, data: {a: '1'}}"
	configTwo  = "{apiVersion: v1, kind: ConfigMap, metadata: {namespace: ns, name: d-config-2}, immutable: true, data: {a: '2'}}"
	secretOne  = "{apiVersion: v1, kind: Secret, metadata: {namespace: ns, name: d-secrets-1}, immutable: true, data: {a: c2VjcmV0}}"
	service    = "{apiVersion: v1, kind: Service, metadata: {namespace: ns, name: d}}"
	deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: ns, name: d}, spec: {template: {spec: {containers: [{name: sidecar, image: b}, {name: otlp-receiver, image: 'a:1'}]}}}}"
)

func TestRevision(t *testing.T) {
	s := setOf(t, secretOne, configOne, service, deployment)
	r := Revision{Number: 7, Image: s.Image(), ConfigHash: "abc", User: "ann", Time: time.Unix(1e9, 0).UTC(), Secrets: s.secrets(), Objects: s.open()}
	if r.Image != "a:1" {
		t.Errorf("image %q", r.Image)
	}
	stored, err := encodeRevision(testTarget, r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := stored.MarshalJSON()
	if err != nil || strings.Contains(string(text), "c2VjcmV0") {
		t.Errorf("%v: stored as %s", err, text)
	}
	got, err := decodeRevision(testTarget, stored)
	if err != nil {
		t.Fatal(err)
	}
	got.stored = nil
	if !reflect.DeepEqual(got, r) {
		t.Errorf("got %+v, want %+v", got, r)
	}
	if !got.needs(refOf(object(t, secretOne))) || !got.needs(refOf(object(t, configOne))) || got.needs(refOf(object(t, configTwo))) {
		t.Error("it does not know what it needs")
	}
	// To apply it again is to apply the same.
	again, err := got.Set(testTarget).digest()
	if first, _ := s.digest(); err != nil || again != first {
		t.Errorf("digests %s and %s, %v", first, again, err)
	}
}

func TestDigest(t *testing.T) {
	f := func(a, b Set, same bool) {
		t.Helper()
		one, err := a.digest()
		two, err2 := b.digest()
		if err != nil || err2 != nil || (one == two) != same {
			t.Errorf("%s and %s, %v %v, want the same: %v", one, two, err, err2, same)
		}
	}
	f(setOf(t, service), setOf(t, service), true)
	f(setOf(t, service), setOf(t, service, deployment), false)
	f(setOf(t, secretOne), setOf(t, strings.Replace(secretOne, "c2VjcmV0", "b3RoZXI=", 1)), true)
	f(setOf(t, secretOne), setOf(t, strings.Replace(secretOne, "secrets-1", "secrets-2", 1)), false)
}

func FuzzDecodeRevision(f *testing.F) {
	stored, err := encodeRevision(testTarget, Revision{Number: 1})
	if err != nil {
		f.Fatal(err)
	}
	meta, _, _ := unstructured.NestedString(stored.Object, "data", revisionKey)
	packed, _, _ := unstructured.NestedString(stored.Object, "binaryData", objectsKey)
	f.Add(meta, packed)
	f.Add("{}", base64.StdEncoding.EncodeToString([]byte("x")))
	f.Fuzz(func(t *testing.T, meta, packed string) {
		u := testTarget.record(testTarget.revision(1), revisionRecord)
		u.Object["data"] = map[string]any{revisionKey: meta}
		u.Object["binaryData"] = map[string]any{objectsKey: packed}
		r, err := decodeRevision(testTarget, u)
		if err != nil {
			return
		}
		again, err := encodeRevision(testTarget, r)
		if err != nil {
			t.Skip() // a time that JSON does not have
		}
		if _, err := decodeRevision(testTarget, again); err != nil {
			t.Errorf("read once, but not twice: %v", err)
		}
		_ = r.Set(testTarget).Image()
	})
}

func inventoryNames(in inventory) string {
	names := make([]string, len(in.Objects))
	for i, e := range in.Objects {
		names[i] = e.String()
		if e.Versioned {
			names[i] += "*"
		}
	}
	return strings.Join(names, " ")
}

func TestInventory(t *testing.T) {
	f := func(got inventory, want string) {
		t.Helper()
		if names := inventoryNames(got); names != want {
			t.Errorf("got %s, want %s", names, want)
		}
	}
	first := inventory{}.with(setOf(t, configOne, service, deployment))
	f(first, "configmap/d-config-1* service/d deployment/d")
	second := first.with(setOf(t, configTwo, deployment))
	f(second, "configmap/d-config-1* service/d configmap/d-config-2* deployment/d")
	f(second.without([]Ref{refOf(object(t, service))}), "configmap/d-config-1* configmap/d-config-2* deployment/d")
	var left []string
	for _, e := range second.left(setOf(t, configTwo, deployment)) {
		left = append(left, e.String())
	}
	if !slices.Equal(left, []string{"service/d", "configmap/d-config-1"}) {
		t.Errorf("left %v", left)
	}
	// What is kept stays what it is.
	kept := Set{Target: testTarget, Kept: []Ref{refOf(object(t, configOne))}}
	f(second.with(kept), "service/d configmap/d-config-2* deployment/d configmap/d-config-1*")
}

func TestDecodeInventory(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got := ""
		if _, err := decodeInventory(testTarget, text); err != nil {
			got = err.Error()
		}
		if got != want && (want == "" || !strings.HasPrefix(got, want)) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	f(`{"format": 1, "revision": 2, "objects": [{"api_version": "v1", "kind": "Service", "namespace": "ns", "name": "d"}]}`, "")
	f(`{"format": 2}`, "has the format 2, and 1 is known")
	f(`{"format": 1, "objects": [{"kind": "Service", "namespace": "other", "name": "d"}]}`, `names in its entry 0 what is no object of ns: "service/d"`)
	f(``, "is no inventory: ")
}

func FuzzDecodeInventory(f *testing.F) {
	f.Add(`{"format": 1, "revision": 2, "objects": [{"api_version": "v1", "kind": "Service", "namespace": "ns", "name": "d"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		in, err := decodeInventory(testTarget, text)
		if err != nil {
			return
		}
		again, err := json.Marshal(in.with(Set{}))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range in.left(Set{}) {
			_ = e.Resource()
		}
		_ = again
	})
}
