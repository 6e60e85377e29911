package config

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Text is one configuration file as it is written. What changes a value returns a
// new Text, in which every byte but those of the value is the same.
type Text struct {
	File

	src    *source
	tree   *yaml.Node
	toml   bool
	values []written
	// aliased are the places that have a value which is written elsewhere.
	aliased []aliased
}

// written is a scalar and where it is written.
type written struct {
	path *path
	node *yaml.Node
	key  *yaml.Node // in front of it; nil for an element of a list
	flow bool       // it is in brackets
	// anchor is the name by which the value, or what it is in, is used elsewhere.
	anchor string
}

type aliased struct {
	path   *path
	anchor string
	merged bool // with <<, so that some of what is below may have come from elsewhere
}

// ParseText reads a file. An error is of type Errors.
func ParseText(f File) (*Text, error) {
	t := &Text{File: f, src: newSource(f.Name, f.Data), toml: filepath.Ext(f.Name) == ".toml"}
	tree, fault := parserOf(f.Name)(t.src, f.Data)
	if fault != nil {
		return nil, Errors(render([]located{*fault}, nil))
	}
	if tree == nil || len(tree.Content) == 0 {
		return t, nil
	}
	t.tree = tree.Content[0]
	w := walker{text: t, targets: map[*yaml.Node]string{}}
	w.collect(t.tree)
	slices.SortFunc(t.src.tokens, compareMarks)
	w.walk(t.tree, written{}, 0)
	return t, nil
}

// walker finds the scalars of a file.
type walker struct {
	text    *Text
	targets map[*yaml.Node]string // what aliases stand for
}

// collect notes what aliases stand for, and the places of all values. None of
// them is shown in a message: nobody has checked which are secret.
func (w *walker) collect(y *yaml.Node) {
	place := mark{y.Line, y.Column}
	w.text.src.tokens = append(w.text.src.tokens, place)
	if y.Kind == yaml.AliasNode && y.Alias != nil {
		w.targets[y.Alias] = y.Value
	}
	for i, c := range y.Content {
		w.collect(c)
		if c.Kind == yaml.ScalarNode && (y.Kind != yaml.MappingNode || i%2 == 1) {
			w.text.src.hidden[mark{c.Line, c.Column}] = true
		}
	}
}

func (w *walker) walk(y *yaml.Node, at written, depth int) {
	if depth > maxDepth {
		return // loading says so
	}
	if name, ok := w.targets[y]; ok {
		at.anchor = name
	}
	at.flow = at.flow || y.Style&yaml.FlowStyle != 0
	switch y.Kind {
	case yaml.ScalarNode:
		if at.node = y; at.path != nil { // a file that is one value has no keys
			w.text.values = append(w.text.values, at)
		}
	case yaml.AliasNode:
		w.text.aliased = append(w.text.aliased, aliased{path: at.path, anchor: y.Value})
	case yaml.SequenceNode:
		for i, c := range y.Content {
			w.walk(c, written{path: at.path.item(i), flow: at.flow, anchor: at.anchor}, depth+1)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(y.Content); i += 2 {
			w.entry(y.Content[i], y.Content[i+1], at, depth)
		}
	}
}

func (w *walker) entry(k, v *yaml.Node, at written, depth int) {
	if isMerge(k) {
		w.text.aliased = append(w.text.aliased, aliased{path: at.path, anchor: "<<", merged: true})
		return
	}
	if k.Kind == yaml.AliasNode && k.Alias != nil {
		k = k.Alias
	}
	if k.Kind == yaml.ScalarNode {
		w.walk(v, written{path: at.path.child(k.Value), key: k, flow: at.flow, anchor: at.anchor}, depth+1)
	}
}

// fault makes the error about one place; at may be nil.
func (t *Text) fault(path string, at *yaml.Node, problem, hint string) located {
	f := Finding{Position: Position{File: t.Name}, Path: path, Problem: problem, Hint: hint}
	if at == nil {
		return located{Finding: f}
	}
	width := utf8.RuneCountInString(at.Value)
	return locate(&node{src: t.src, mark: mark{at.Line, at.Column}, width: width, kind: scalar}, f)
}

func (t *Text) failure(faults ...located) error { return Errors(render(faults, nil)) }

// lookup finds the value at a path as messages write it.
func (t *Text) lookup(path string) (written, *located) {
	var found []written
	var names, below []string
	for _, v := range t.values {
		name := v.path.String()
		names = append(names, name)
		if name == path {
			found = append(found, v)
		}
		if inside(name, path) {
			below = append(below, name)
		}
	}
	problem, hint := "there is no such key in the file", ""
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		problem, hint = "there are two such keys in the file", "remove one"
	case len(below) > few:
		problem, hint = "is no single value", "name the values in it"
	case len(below) > 0:
		problem, hint = "is no single value", "name the values in it: "+list(below, "and")
	default:
		if guess := Nearest(path, names); guess != "" {
			hint = "did you mean " + guess + "?"
		}
		for _, a := range t.aliased {
			if from := a.path.String(); from == path || inside(path, from) {
				problem, hint = a.problem(), "name the key where it is written, or write it out here"
			}
		}
		if hint == "" && !slices.ContainsFunc(names, func(name string) bool { return section(name) == section(path) }) {
			// Maybe this is no path at all, but the value that was to be encrypted.
			path, hint = mask, "paths are written as exporters.otlp.endpoint"
		}
	}
	f := t.fault(path, nil, problem, hint)
	return written{}, &f
}

// section returns the first key of a path.
func section(path string) string { return path[:max(0, strings.IndexAny(path+".", ".["))] }

func (a aliased) problem() string {
	if a.merged {
		return "is not written here; it may come from the mapping that << names"
	}
	return "is not written here: *" + a.anchor + " stands for it"
}

// inside reports whether a path leads into what is at another one.
func inside(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && rest != "" && (of == "" || rest[0] == '.' || rest[0] == '[')
}

func (v written) isNull() bool {
	return v.node.Style == 0 && v.node.ShortTag() == "!!null"
}

// sealed reports whether the value is an encrypted one.
func (v written) sealed() bool { return looksSealed(v.node.Value) }

// replaceable says why the value must not be replaced, if it must not.
func (t *Text) replaceable(v written) *located {
	if v.anchor == "" {
		return nil
	}
	f := t.fault(v.path.String(), v.node, "is used elsewhere too, by the name *"+v.anchor,
		"an encrypted value holds for one key only: write it out at each of them")
	return &f
}
