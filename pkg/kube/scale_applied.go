package kube

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// appliedVersion returns the version of the API in which otlpctl has applied an object; empty if it has not.
func appliedVersion(u *unstructured.Unstructured) string {
	for _, entry := range u.GetManagedFields() {
		if isApplied(entry) {
			return entry.APIVersion
		}
	}
	return ""
}

func isApplied(entry metav1.ManagedFieldsEntry) bool {
	return entry.Manager == FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == ""
}

// asApplied returns what otlpctl has applied of an object, with the values that are there now: applying it
// again changes nothing, whatever others have set beside it. Of an object that otlpctl has not applied, that
// is the name alone.
func asApplied(u *unstructured.Unstructured) *unstructured.Unstructured {
	fields, _ := part(u.Object, applied(u)).(map[string]any)
	if fields == nil || len(applied(u)) == 0 {
		fields = map[string]any{}
	}
	only := &unstructured.Unstructured{Object: fields}
	only.SetAPIVersion(u.GetAPIVersion())
	only.SetKind(u.GetKind())
	only.SetName(u.GetName())
	only.SetNamespace(u.GetNamespace())
	return only.DeepCopy()
}

// part returns what a set of fields, in the way that the API server writes them, has of a value. A field with
// nothing below it is all of its value.
func part(value any, fields map[string]any) any {
	if len(fields) == 0 {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		some := map[string]any{}
		for key, below := range fields {
			name, isField := strings.CutPrefix(key, "f:")
			inner, _ := below.(map[string]any)
			if field, there := value[name]; isField && there {
				some[name] = part(field, inner)
			}
		}
		return some
	case []any:
		return partOfList(value, fields)
	}
	return value
}

// partOfList returns the elements of a list that are named, by their keys or as they are, in their order.
func partOfList(list []any, fields map[string]any) []any {
	some := []any{}
	for _, element := range list {
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			if isElement(element, key) {
				inner, _ := fields[key].(map[string]any)
				some = append(some, part(element, inner))
				break
			}
		}
	}
	return some
}

// isElement reports whether a key such as k:{"name":"a"} or v:"a" is that of an element.
func isElement(element any, key string) bool {
	if text, isValue := strings.CutPrefix(key, "v:"); isValue {
		return sameJSON(element, json.RawMessage(text))
	}
	text, isKeyed := strings.CutPrefix(key, "k:")
	var keys map[string]any
	if !isKeyed || json.Unmarshal([]byte(text), &keys) != nil {
		return false
	}
	fields, _ := element.(map[string]any)
	for name, want := range keys {
		if got, there := fields[name]; !there || !sameJSON(got, want) {
			return false
		}
	}
	return true
}

func sameJSON(a, b any) bool {
	one, errOne := json.Marshal(a)
	two, errTwo := json.Marshal(b)
	return errOne == nil && errTwo == nil && string(one) == string(two)
}
