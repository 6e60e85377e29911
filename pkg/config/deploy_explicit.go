package config

import (
	"bytes"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/otlpctl/otlpctl/receiver"
)

// explicit returns the tree with the components that run where no file names any: in one file that
// names some of them, all must be named.
func (doc *document) explicit() (*node, error) {
	if doc.components {
		return doc.root, nil
	}
	text, err := encodeYAML(componentsOf(doc.defaults().Config))
	if err != nil {
		return nil, err
	}
	src := newSource("default", text)
	y, fault := parse(src, text)
	if fault != nil {
		return nil, Errors(render([]located{*fault}, nil))
	}
	return merge(build(newReport(), src, y, nil, doc.refs, asWritten), doc.root), nil
}

// componentsOf names the components of a configuration, and of which its pipelines consist.
func componentsOf(c receiver.Config) object {
	pipelines := object{}
	for id, p := range c.Service.Pipelines {
		one := object{"receivers": p.Receivers, "exporters": p.Exporters}
		if len(p.Processors) > 0 {
			one["processors"] = p.Processors
		}
		pipelines[string(id)] = one
	}
	receivers := object{}
	for id, r := range c.Receivers {
		protocols := object{}
		for _, t := range r.Transports() {
			protocols[string(t)] = object{}
		}
		receivers[string(id)] = object{"protocols": protocols}
	}
	all := object{"receivers": receivers, "exporters": unset(c.Exporters), "service": object{"pipelines": pipelines}}
	if len(c.Processors) > 0 {
		all["processors"] = unset(c.Processors)
	}
	return all
}

// unset names components and sets nothing about them.
func unset[T any](components map[receiver.ID]T) object {
	all := object{}
	for id := range components {
		all[string(id)] = object{}
	}
	return all
}

func encodeYAML(v any) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// Variable is an environment variable that a configuration refers to.
type Variable struct {
	Name string
	// Path is the first value that does.
	Path string
	// Required says that it has no default somewhere.
	Required bool
}

// sortedVariables returns variables by name.
func sortedVariables(all map[string]Variable) []Variable {
	var sorted []Variable
	for _, name := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[name])
	}
	return sorted
}
