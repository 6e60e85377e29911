package config

// Origin is the layer that a value is from, and the place in it.
type Origin struct {
	Layer LayerKind `json:"layer"`
	// Name is the variable, or the flag with its path.
	Name string `json:"name,omitempty"`
	Position
	// Key is the key that set the value, if it is another name for the value's.
	Key string `json:"key,omitempty"`
}

// String returns file:line:column, the variable, the flag, or "default".
func (o Origin) String() string {
	switch {
	case o.Name != "":
		return o.Name
	case o.File != "":
		return o.Position.String()
	}
	return string(o.Layer)
}

// origin returns where a value is from; nil is nowhere but in the defaults.
func (doc *document) origin(n *node) Origin {
	if n == nil {
		return Origin{Layer: Builtin}
	}
	o := Origin{Layer: doc.layers[n.src.rank].Kind, Key: n.alias}
	if n.src.inline {
		o.Name = n.src.name
	} else {
		o.Position = n.pointed().position()
	}
	return o
}

// within returns what a value says about one inside it, or nil. Lists may be
// text with commas, and mappings lists of names and values.
func (n *node) within(s step) *node {
	switch {
	case n == nil:
		return nil
	case s.key == nil:
		items := n.items
		if n.kind == scalar {
			items = splitList(n)
		}
		if s.index >= len(items) {
			return nil
		}
		return items[s.index]
	case n.kind == sequence:
		for _, item := range n.items {
			if name := item.field("name"); name != nil && name.text == s.key.text {
				return item.field("value")
			}
		}
		return nil
	default:
		return n.field(s.key.text)
	}
}

// decisive returns what n says about the value that steps lead to: that value,
// or else nothing at all ("key:") on the way there, which makes the defaults
// hold. It is nil if n has no say.
func (n *node) decisive(steps []step) *node {
	for _, s := range steps {
		if n == nil || n.kind == null {
			return n
		}
		n = n.within(s)
	}
	return n
}

// steps returns the way to a place.
func (p place) steps() []step {
	steps := make([]step, len(p))
	for i, key := range p {
		steps[i].key = &node{kind: scalar, text: key, raw: key}
	}
	return steps
}

// sameAs reports whether two nodes are one place, whatever else was merged
// around it.
func (n *node) sameAs(other *node) bool {
	return n != nil && other != nil && n.src == other.src && n.mark == other.mark
}

// at returns what n says about the value that steps lead to, or nil.
func (n *node) at(steps []step) *node {
	for _, s := range steps {
		n = n.within(s)
	}
	return n
}
