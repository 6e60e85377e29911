package config

import (
	"fmt"
	"strings"
)

// flags lays --set flags, each path=value, over the document.
func (doc *document) flags(sets []string, whole spotter) {
	l := layer{Layer: Layer{Kind: Flags, Name: "--set"}}
	rank := len(doc.layers)
	for _, set := range sets {
		path, text, found := strings.Cut(set, "=")
		src := inline("--set "+path, "--set "+set, rank)
		doc.order[src.name] = len(doc.order) + 1
		var at spot
		fault := &nameFault{problem: "has no value", hint: "write --set path=value"}
		if found {
			at, fault = spotAt(whole(doc.root), path)
		}
		if fault != nil {
			doc.nowhere(src, len(src.name), fault)
			continue
		}
		l.sets = append(l.sets, doc.assignment(src, at, text, doc.refs.expand))
	}
	doc.layers = append(doc.layers, l)
}

// spotAt follows a path such as exporters.otlp/two.endpoint or
// service.pipelines.traces.exporters[1]. Keys may contain dots: the longest key
// that fits is taken.
func spotAt(at spot, path string) (spot, *nameFault) {
	rest := path
	for rest != "" {
		next, after, fault := pathStep(at, rest)
		if fault != nil {
			if fault.guess != "" {
				done := strings.TrimSuffix(path, rest)
				first := rest[:len(rest)-len(after)]
				fault.hint = "did you mean " + done + fault.guess + strings.TrimPrefix(rest, first) + "?"
			}
			return spot{}, fault
		}
		at, rest = next, after
		if strings.HasPrefix(rest, ".") && len(rest) > 1 {
			rest = rest[1:]
		}
	}
	if len(at.steps) == 0 {
		return spot{}, &nameFault{problem: "names no key", hint: "write it as exporters.otlp.endpoint"}
	}
	return at, nil
}

// pathStep takes one step and returns what of the path is left. With a fault,
// that is what is behind the step that failed.
func pathStep(at spot, rest string) (next spot, after string, fault *nameFault) {
	if inside, ok := strings.CutPrefix(rest, "["); ok && at.isList() {
		number, after, _ := strings.Cut(inside, "]")
		next, fault = at.numbered(number)
		return next, after, fault
	}
	var names []string
	longest := -1
	for _, c := range at.children() {
		key := printable(c.key())
		names = append(names, key)
		tail, fits := strings.CutPrefix(rest, key)
		if fits && len(key) > longest && (tail == "" || tail[0] == '.' || tail[0] == '[') {
			next, after, longest = c, tail, len(key)
		}
	}
	if longest >= 0 {
		return next, after, nil
	}
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	part, after := rest[:end], rest[end:]
	if part != "" && at.takesNewKey() {
		return at.element(part), after, nil
	}
	return spot{}, after, &nameFault{
		problem: fmt.Sprintf("%s has no key %q", at.name(), part), guess: nearest(part, names), hint: at.offer(names),
	}
}
