package kube

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Difference is a field of an object that is to be another one. In JSON it is API.
type Difference struct {
	Path string `json:"path"`
	// Now and Then are the values; nil is none. Those of a Secret are masked.
	Now  *string `json:"now"`
	Then *string `json:"then"`
}

// mask stands for the value of a secret.
const mask = "***"

// differences compares an object with what is to become of it. Either may be nil.
func differences(now, then *unstructured.Unstructured) []Difference {
	d := differ{}
	d.compare("", content(now), content(then))
	if (now != nil && isSecret(now)) || (then != nil && isSecret(then)) {
		for i, found := range d.found {
			if slices.ContainsFunc(secretParts(), func(part string) bool { return strings.HasPrefix(found.Path, part) }) {
				d.found[i].mask()
			}
		}
	}
	return d.found
}

// secretParts are where the values of a Secret may be: kubectl keeps a copy of all that it has applied.
func secretParts() []string { return []string{"data", "stringData", "metadata.annotations"} }

func (d *Difference) mask() {
	for _, value := range []**string{&d.Now, &d.Then} {
		if *value != nil {
			*value = new(mask)
		}
	}
}

// content returns what somebody decides on of an object.
func content(u *unstructured.Unstructured) any {
	if u == nil {
		return map[string]any{}
	}
	fields := maps.Clone(u.Object)
	delete(fields, "status")
	meta, _ := fields["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	for _, key := range []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"} {
		delete(meta, key)
	}
	fields["metadata"] = meta
	return fields
}

type differ struct{ found []Difference }

func (d *differ) compare(path string, now, then any) {
	if reflect.DeepEqual(now, then) {
		return
	}
	a, b := fieldsOf(now, path), fieldsOf(then, path)
	if a == nil || b == nil {
		d.found = append(d.found, Difference{path, text(now), text(then)})
		return
	}
	for _, key := range slices.Sorted(maps.Keys(union(a, b))) {
		d.compare(path+key, a[key], b[key])
	}
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// fieldsOf returns the parts of a value by what is behind its path for each; nil if it has none.
func fieldsOf(value any, path string) map[string]any {
	switch value := value.(type) {
	case map[string]any:
		return keyed(value, path)
	case []any:
		return elements(value)
	case string:
		if strings.HasPrefix(path, "data.") || strings.HasPrefix(path, "data[") {
			return document(value)
		}
	}
	return nil
}

func keyed(value map[string]any, path string) map[string]any {
	fields := make(map[string]any, len(value))
	for key, field := range value {
		switch {
		case path == "":
		case strings.ContainsAny(key, "./"):
			key = "[" + key + "]"
		default:
			key = "." + key
		}
		fields[key] = field
	}
	return fields
}

// elements returns the elements of a list by their names, or by their numbers if not all have one of
// their own.
func elements(list []any) map[string]any {
	byName, byNumber := map[string]any{}, map[string]any{}
	for i, element := range list {
		fields, _ := element.(map[string]any)
		if name, ok := fields["name"].(string); ok {
			byName["["+name+"]"] = element
		}
		byNumber["["+strconv.Itoa(i)+"]"] = element
	}
	if len(byName) == len(list) {
		return byName
	}
	return byNumber
}

// document returns the fields of a text that is a mapping in YAML, as the file of a ConfigMap is.
func document(text string) map[string]any {
	var fields map[string]any
	if err := yaml.Unmarshal([]byte(text), &fields); err != nil {
		return nil
	}
	return keyed(fields, "data")
}

// text returns a value on one line; nil if there is none.
func text(value any) *string {
	switch value := value.(type) {
	case nil:
		return nil
	case string:
		return &value
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return new(mask) // nothing that came as JSON
	}
	return new(string(encoded))
}
