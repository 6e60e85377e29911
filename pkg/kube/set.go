package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Set is what is to be in the cluster under one name.
type Set struct {
	Target
	// Objects are in the order in which they are applied.
	Objects []*unstructured.Unstructured
	// Kept are objects that belong to the set and stay as they are, as only the cluster knows what is
	// in them: the Secrets of an earlier revision.
	Kept []Ref
	// ConfigHash is what the receiver tells about its configuration on /status.
	ConfigHash string
	// Restores is the revision that the set is taken from; 0 is none.
	Restores int
	// GaveUp is the revision that failed, in whose place the set is applied; 0 is none.
	GaveUp int
	// ImageDigest is that of the image, as far as it is known; empty is not at all.
	ImageDigest string
}

// Image returns the image of the receiver; empty is none.
func (s Set) Image() string {
	if u := find(s.Objects, s.deployment()); u != nil {
		return receiverImage(u)
	}
	return ""
}

// receiverImage returns the image of the receiver in what makes pods; empty is none.
func receiverImage(u *unstructured.Unstructured) string {
	containers, _, _ := unstructured.NestedSlice(u.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		fields, _ := c.(map[string]any)
		if image, _ := fields["image"].(string); fields["name"] == Receiver || len(containers) == 1 {
			return image
		}
	}
	return ""
}

// Receiver is the name of the container of the receiver among those of a pod.
const Receiver = "otlp-receiver"

// refs returns all that belongs to the set, in its order.
func (s Set) refs() []Ref {
	refs := slices.Clone(s.Kept)
	for _, u := range s.Objects {
		refs = append(refs, refOf(u))
	}
	return refs
}

func (s Set) has(r Ref) bool { return slices.ContainsFunc(s.refs(), r.same) }

// digest changes with every object but what is in Secrets.
func (s Set) digest() (string, error) {
	text, err := json.Marshal(struct {
		Objects []*unstructured.Unstructured
		Secrets []Ref
	}{s.open(), s.secrets()})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// open returns the objects that are no Secrets.
func (s Set) open() []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(s.Objects), isSecret)
}

// secrets returns the Secrets that belong to the set.
func (s Set) secrets() []Ref {
	return slices.DeleteFunc(s.refs(), func(r Ref) bool { return r.Kind != secretKind })
}

const secretKind = "Secret"

func isSecret(u *unstructured.Unstructured) bool { return u.GetKind() == secretKind }

// isVersioned reports whether an object never changes, and has a successor of another name instead.
func isVersioned(u *unstructured.Unstructured) bool {
	immutable, _, _ := unstructured.NestedBool(u.Object, "immutable")
	return immutable
}

// LiveHash returns what running pods are to tell about their configuration, if they read it again when it
// changes; otherwise it is empty, and new pods have it from the start.
func (s Set) LiveHash() string {
	for _, u := range s.Objects {
		if u.GetKind() == "ConfigMap" && isVersioned(u) {
			return ""
		}
	}
	return s.ConfigHash
}
