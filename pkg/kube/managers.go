package kube

import (
	"encoding/json"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// countManager has set the number of pods wherever an autoscaler decides on it: if otlpctl alone had,
// applying a Deployment without the field would set it to 1.
const countManager = "otlpctl-replicas"

// ownersOf returns who has set a field.
func ownersOf(u *unstructured.Unstructured, path ...string) []string {
	var owners []string
	for _, entry := range u.GetManagedFields() {
		if fields := ownedFields(entry); owns(fields, path) {
			owners = append(owners, entry.Manager)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

func ownedFields(entry metav1.ManagedFieldsEntry) map[string]any {
	if entry.FieldsV1 == nil {
		return nil
	}
	var fields map[string]any
	if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
		return nil
	}
	return fields
}

func owns(fields map[string]any, path []string) bool {
	for _, key := range path {
		inner, ok := fields["f:"+key].(map[string]any)
		if !ok {
			return false
		}
		fields = inner
	}
	return true
}

// isOurs reports whether otlpctl has applied an object. One of the same name that somebody else has made since is not
// ours to delete.
func isOurs(u *unstructured.Unstructured) bool { return appliedVersion(u) != "" }

// sameOwner reports whether otlpctl has applied the same fields to both.
func sameOwner(a, b *unstructured.Unstructured) bool {
	return reflect.DeepEqual(applied(a), applied(b))
}

func applied(u *unstructured.Unstructured) map[string]any {
	for _, entry := range u.GetManagedFields() {
		if isApplied(entry) {
			return ownedFields(entry)
		}
	}
	return nil
}
