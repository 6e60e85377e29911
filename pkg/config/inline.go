package config

import (
	"strings"
	"unicode/utf8"
)

// spotter returns the spot of the whole configuration with what is said so far.
type spotter func(root *node) spot

// assignment sets the spot to a text that stands behind "name=" in a variable or
// flag, and lays it over what is said so far. expand, if not nil, replaces ${…} in it.
func (doc *document) assignment(src *source, at spot, text string, expand expander) assignment {
	steps := make([]step, len(at.steps))
	for i, s := range at.steps {
		steps[i] = s
		if s.key != nil {
			steps[i].key = &node{src: src, mark: mark{1, 1}, width: utf8.RuneCountInString(src.name), kind: scalar, text: s.key.text, raw: s.key.text}
		}
	}
	a := assignment{steps, doc.inlineValue(src, at, text, expand)}
	if a.value.kind == invalid {
		doc.block(at.path())
		return a
	}
	doc.root = assign(doc.root, a.steps, a.value)
	return a
}

// inlineValue reads the text as what belongs at the spot: text as it is where
// one value does, else YAML in brackets, a list with commas, or nothing.
func (doc *document) inlineValue(src *source, at spot, text string, expand expander) *node {
	value := mark{1, utf8.RuneCountInString(src.name) + 2}
	src.tokens = []mark{{1, 1}, value}
	n := &node{src: src, mark: value, width: max(1, utf8.RuneCountInString(text)), kind: scalar}
	b := &builder{report: doc.report, src: src, refs: doc.refs, expand: expand}
	switch {
	case at.isWhole() || text != "" && text[0] != '[' && text[0] != '{':
		b.fill(n, text, at.path())
	case text == "":
		n.kind = null
	default:
		return doc.inlineYAML(src, at, text, expand)
	}
	return n
}

// inlineYAML reads a list or mapping in brackets. Places in it count from its
// own beginning.
func (doc *document) inlineYAML(of *source, at spot, text string, expand expander) *node {
	src := inline(of.name, text, of.rank)
	y, fault := parse(src, []byte(text))
	if fault != nil {
		doc.errs = append(doc.errs, *fault)
		doc.wrong[at.path().String()] = true
		return &node{src: src, mark: mark{1, 1}, kind: invalid}
	}
	n := build(doc.report, src, y, at.path(), doc.refs, expand)
	if n == nil {
		n = &node{src: src, mark: mark{1, 1}, width: 1, kind: null}
	}
	return n
}

// nowhere records a variable or flag that stands for no key.
func (doc *document) nowhere(src *source, width int, f *nameFault) {
	value := mark{1, utf8.RuneCountInString(src.name) + 2}
	src.tokens = []mark{{1, 1}, value}
	src.hidden[value] = true // nobody knows whether it is secret
	at := &node{src: src, mark: mark{1, 1}, width: width, kind: scalar}
	doc.errs = append(doc.errs, locate(at, Finding{Problem: f.problem, Hint: f.hint}))
	doc.block(nil)
}

// name is what messages call the spot.
func (s spot) name() string {
	if len(s.steps) == 0 {
		return "the configuration"
	}
	return s.path().String()
}

// numbered returns the element of a list with the number in a text.
func (s spot) numbered(text string) (spot, *nameFault) {
	index, ok := parseIndex(text)
	if !ok {
		return spot{}, &nameFault{problem: s.name() + " is a list, and " + quote(text) + " is no number of an element", hint: "elements are numbered from 0"}
	}
	next, ok := s.item(index)
	if !ok {
		return spot{}, &nameFault{problem: s.name() + " cannot have an element " + text + " without those before it", hint: "elements are numbered from 0"}
	}
	return next, nil
}

func quote(text string) string { return `"` + printable(text) + `"` }

// offer lists keys, unless they are too many to help.
func (s spot) offer(names []string) string {
	switch {
	case len(names) == 0 && s.isWhole():
		return "it is a value and has no keys"
	case len(names) == 0 || len(names) > few:
		return ""
	}
	return "known keys: " + strings.Join(names, ", ")
}
