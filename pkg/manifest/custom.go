package manifest

import (
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// specOf returns the spec of an object without a type.
func specOf(file string, u *unstructured.Unstructured) (map[string]any, error) {
	spec, ok := u.Object["spec"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("template %s: has no spec", file)
	}
	return spec, nil
}

// mappings returns the mappings in a list, whatever else it may hold.
func mappings(list any) []map[string]any {
	items, _ := list.([]any)
	var found []map[string]any
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

func texts(all []string) []any {
	list := make([]any, len(all))
	for i, text := range all {
		list[i] = text
	}
	return list
}

// setEndpoint says how to scrape the admin port.
func setEndpoint(e map[string]any, admin port, intervalSeconds int) {
	e["port"] = admin.name
	e["interval"] = strconv.Itoa(intervalSeconds) + "s"
	if admin.TLS {
		e["scheme"] = "https" // whom to trust is for a template or a patch to say
	}
}
