package config

// hideSecrets keeps the secrets of all layers out of every message. Decoding does
// so for what it reads, but does not read what a higher layer overrides, though
// that may be on the same line as a fault.
func (doc *document) hideSecrets() {
	for _, l := range doc.layers {
		hideBelow(doc.whole(l.root))
		for _, set := range l.sets {
			hideBelow(doc.whole(assign(nil, set.steps, set.value)))
		}
	}
}

// hideBelow hides what is said at a spot, if its key is secret, and else the
// secrets in it. What is no key is left to decoding, which knows more, but for
// what could hold secrets under any name.
func hideBelow(at spot) {
	switch {
	case at.set == nil:
	case at.field.secret:
		hide(at.set)
	case at.isList():
		for i := range at.set.items {
			if item, ok := at.item(i); ok {
				hideBelow(item)
			}
		}
	case isSection(at):
		known := map[string]spot{}
		for _, child := range at.children() {
			known[child.key()] = child
		}
		for _, e := range at.set.entries {
			child, ok := known[e.key.text]
			switch {
			case ok:
				hideBelow(child)
			case e.value.kind != scalar || len(known) == 0 || soundsSecret(e.key.text):
				hide(e.value)
			}
		}
	}
}
