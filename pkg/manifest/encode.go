package manifest

import (
	"bytes"

	"sigs.k8s.io/yaml"
)

// YAML writes the objects as documents with --- between them.
func (s Set) YAML() ([]byte, error) {
	var b bytes.Buffer
	for i, u := range s.Objects {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := yaml.Marshal(u.Object)
		if err != nil {
			return nil, err
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}

// List returns the objects as one object of the kind List.
func (s Set) List() any {
	items := make([]any, len(s.Objects))
	for i, u := range s.Objects {
		items[i] = u.Object
	}
	return map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
}
