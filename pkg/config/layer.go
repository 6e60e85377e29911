package config

// LayerKind is the sort of place that values come from.
type LayerKind string

// The kinds of layers. Values of a later kind override those of an earlier one.
const (
	Builtin     LayerKind = "default"
	FromFile    LayerKind = "file"
	Environment LayerKind = "environment"
	Flags       LayerKind = "flag"
)

// Layer is one source of values: the defaults, one file, all variables of the
// environment, or all --set flags.
type Layer struct {
	Kind LayerKind `json:"kind"`
	// Name is the path of the file; for the other kinds it says what they are.
	Name string `json:"name"`
}

// layer is a Layer with what it says.
type layer struct {
	Layer
	root *node // of a file; nil if it says nothing
	sets []assignment
}

// assignment is one value of the environment or of a flag.
type assignment struct {
	steps []step
	value *node
}

// step leads from a value to one inside it.
type step struct {
	key   *node // of a mapping
	index int   // of a list, if there is no key
}

func (s step) extend(p *path) *path {
	if s.key == nil {
		return p.item(s.index)
	}
	return p.child(s.key.text)
}

func pathOf(steps []step) *path {
	var p *path
	for _, s := range steps {
		p = s.extend(p)
	}
	return p
}

// assign returns base with the value at the place that steps lead to. What is on
// the way there is made if it is missing; base itself is not changed, and may be nil.
func assign(base *node, steps []step, value *node) *node {
	if len(steps) == 0 {
		return merge(base, value)
	}
	s, rest := steps[0], steps[1:]
	made := &node{src: value.src, mark: value.mark, width: 1, made: true}
	if base != nil {
		copied := *base
		made = &copied
	}
	if s.key == nil {
		made.assignItem(s.index, rest, value)
		return made
	}
	if made.kind != mapping {
		made.kind, made.text, made.items = mapping, "", nil
	}
	made.entries = append([]entry(nil), made.entries...)
	for i, e := range made.entries {
		if e.key.text == s.key.text {
			key := s.key
			if len(rest) > 0 {
				key = e.key // only what is in it changes
			}
			made.entries[i] = entry{key, keyed(assign(e.value, rest, value), key)}
			return made
		}
	}
	made.entries = append(made.entries, entry{s.key, keyed(assign(nil, rest, value), s.key)})
	return made
}

// assignItem sets one element of a list: one that is there, or the next.
func (n *node) assignItem(index int, rest []step, value *node) {
	if n.kind != sequence {
		n.kind, n.text, n.entries = sequence, "", nil
	}
	n.items = append([]*node(nil), n.items...)
	if index < len(n.items) {
		n.items[index] = assign(n.items[index], rest, value)
		return
	}
	n.items = append(n.items, assign(nil, rest, value))
}

// keyed returns the value as one that has the key in front of it.
func keyed(value, key *node) *node {
	if value.key == key {
		return value
	}
	copied := *value
	copied.key = key
	return &copied
}

// inline returns the source of a value that is in no file, such as a variable.
// name is how messages call it; text is shown when it is at fault.
func inline(name, text string, rank int) *source {
	s := newSource(name, []byte(text))
	s.inline, s.rank = true, rank
	return s
}
