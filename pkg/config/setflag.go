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
		var at spot
		var fault *nameFault
		if found {
			at, fault = spotAt(whole(doc.root), path)
		} else {
			path, fault = withoutValue(whole(doc.root), set), &nameFault{problem: "has no value", hint: "write --set path=value"}
			set = path
		}
		src := inline("--set "+path, "--set "+set, rank)
		doc.order[src.name] = len(doc.order) + 1
		if fault != nil {
			doc.nowhere(src, len(src.name), fault)
			continue
		}
		l.sets = append(l.sets, doc.assignment(src, at, text, doc.expander()))
	}
	doc.layers = append(doc.layers, l)
}

// withoutValue returns what may be shown of a flag that has no "=": the path of a
// key that it begins with. The rest may be the value, behind another character.
func withoutValue(at spot, set string) string {
	path := set
	if end := strings.IndexAny(set, ": \t\n"); end >= 0 {
		path = set[:end]
	}
	if _, fault := spotAt(at, path); fault != nil {
		return mask
	}
	return path
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
				if fault.whole {
					done = ""
				}
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
	fault = &nameFault{problem: fmt.Sprintf("%s has no key %q", at.name(), part), guess: Nearest(part, names), hint: at.offer(names)}
	if long := ofDatabase(at.path(), part); fault.guess == "" && long != nil {
		fault.guess, fault.whole = long.String(), true
	}
	return spot{}, after, fault
}
