package config

import (
	"strconv"
)

// kind is what a node is, in the YAML of the file.
type kind int

const (
	mapping kind = iota
	sequence
	scalar
	null
	// invalid stands for a value whose fault is reported already.
	invalid
)

// node is a value of one file, with its place. Aliases and merge keys are
// resolved and the environment is filled in. Nodes are not changed once made:
// merging shares them.
type node struct {
	src *source
	mark
	width int // of its first line, in characters

	kind   kind
	quoted bool   // a scalar in quotes or a block scalar
	text   string // of a scalar
	raw    string // the text before the environment was filled in
	sealed bool   // the text was encrypted
	// key is the node of the key in front of the value; nil for list elements
	// and the root.
	key *node
	// made marks a mapping that only leads to a value of the environment, a flag
	// or the short form: it has no place of its own.
	made bool
	// alias is the path under which the value was set, if that is another one.
	alias string

	entries []entry // of a mapping, in the file's order
	items   []*node // of a list
}

type entry struct {
	key   *node
	value *node
}

func (n *node) position() Position {
	if n.src.inline {
		return Position{File: n.src.name}
	}
	return Position{File: n.src.name, Line: n.line, Column: n.col}
}

// pointed returns the node that a message about n points at. A collection begins
// at its first element or bracket, and nothing at all is nowhere: the key says
// more.
func (n *node) pointed() *node {
	if n.key != nil && n.kind != scalar {
		return n.key
	}
	return n
}

// fromEnvironment reports whether some of the text is a variable's value: such
// text has no quotes of its own, and is not for messages.
func (n *node) fromEnvironment() bool { return n.text != n.raw }

// field returns the value of a key, or nil.
func (n *node) field(key string) *node {
	if n == nil || n.kind != mapping {
		return nil
	}
	for _, e := range n.entries {
		if e.key.text == key {
			return e.value
		}
	}
	return nil
}

// without returns a copy of a mapping that lacks key.
func (n *node) without(key string) *node {
	rest := *n
	rest.entries = nil
	for _, e := range n.entries {
		if e.key.text != key {
			rest.entries = append(rest.entries, e)
		}
	}
	return &rest
}

// merge lays over on base: mappings merge at every depth, everything else
// replaces. Either may be nil.
func merge(base, over *node) *node {
	if base == nil || over == nil || base.kind != mapping || over.kind != mapping {
		if over == nil {
			return base
		}
		return over
	}
	merged := *over
	merged.entries = make([]entry, 0, len(base.entries)+len(over.entries))
	place := make(map[string]int, len(base.entries))
	for _, e := range base.entries {
		place[e.key.text] = len(merged.entries)
		merged.entries = append(merged.entries, e)
	}
	for _, e := range over.entries {
		if i, ok := place[e.key.text]; ok {
			e.value = merge(merged.entries[i].value, e.value)
			merged.entries[i] = e
			continue
		}
		merged.entries = append(merged.entries, e)
	}
	return &merged
}

// find follows rel, such as "pipelines.traces.exporters[1]", as far as the files
// go. It returns the last node on the way, and whether that is the one named.
// Keys may contain dots: the longest key that fits is taken.
func (n *node) find(rel string) (at *node, exact bool) {
	for rel != "" {
		next, rest := n.step(rel)
		if next == nil {
			return n, false
		}
		n, rel = next, rest
	}
	return n, true
}

func (n *node) step(rel string) (next *node, rest string) {
	if n == nil {
		return nil, ""
	}
	if rel[0] == '[' && n.kind == sequence {
		return n.element(rel)
	}
	if n.kind != mapping {
		return nil, ""
	}
	if rel[0] == '.' {
		rel = rel[1:]
	}
	longest := -1
	for _, e := range n.entries {
		key := printable(e.key.text)
		if len(key) <= longest || len(rel) < len(key) || rel[:len(key)] != key {
			continue
		}
		after := rel[len(key):]
		if after == "" || after[0] == '.' || after[0] == '[' {
			next, rest, longest = e.value, after, len(key)
		}
	}
	return next, rest
}

func (n *node) element(rel string) (next *node, rest string) {
	for i := 1; i < len(rel); i++ {
		if rel[i] != ']' {
			continue
		}
		index, err := strconv.Atoi(rel[1:i])
		if err != nil || index < 0 || index >= len(n.items) {
			return nil, ""
		}
		return n.items[index], rel[i+1:]
	}
	return nil, ""
}
