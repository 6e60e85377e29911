package config

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	// maxDepth is how deep collections may nest, aliases followed.
	maxDepth = 100
	// maxAliased is how many nodes of one file may come into being through
	// aliases: a few lines can otherwise stand for billions of values.
	maxAliased = 10_000
)

// builder turns the YAML of one file into nodes.
type builder struct {
	*report
	src    *source
	refs   *references
	expand expander // nil takes ${…} as it is

	depth   int
	aliases int // aliases that we are inside of
	aliased int
	open    map[*yaml.Node]bool // what we are inside of
	spent   bool                // maxAliased was exceeded and reported
}

// build returns the tree of a document that belongs at p, or nil for none. Faults
// go to the report.
func build(r *report, src *source, doc *yaml.Node, p *path, refs *references, expand expander) *node {
	if doc == nil || len(doc.Content) == 0 {
		return nil
	}
	b := &builder{report: r, src: src, refs: refs, expand: expand, open: map[*yaml.Node]bool{}}
	b.collectTokens(doc.Content[0])
	slices.SortFunc(src.tokens, compareMarks)
	return b.node(doc.Content[0], p)
}

func (b *builder) collectTokens(y *yaml.Node) {
	b.src.tokens = append(b.src.tokens, mark{y.Line, y.Column})
	for _, c := range y.Content {
		b.collectTokens(c)
	}
}

func (b *builder) node(y *yaml.Node, p *path) *node {
	n := &node{src: b.src, mark: mark{y.Line, y.Column}, width: 1, kind: invalid}
	if b.aliases > 0 {
		b.aliased++
		if b.aliased > maxAliased {
			if !b.spent {
				b.spent = true
				b.lost(n, p, fmt.Sprintf("aliases stand for more than %d values", maxAliased), "write the values out")
			}
			return n
		}
	}
	b.depth++
	b.open[y] = true
	defer func() {
		b.depth--
		delete(b.open, y)
	}()
	if b.depth > maxDepth {
		b.lost(n, p, fmt.Sprintf("nested more than %d levels deep", maxDepth), "")
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		return b.alias(y, n, p)
	case yaml.MappingNode:
		if b.knownTag(y, n, p, "!!map") {
			n.kind = mapping
			b.entries(n, y, p)
		}
	case yaml.SequenceNode:
		if b.knownTag(y, n, p, "!!seq") {
			n.kind = sequence
			for i, c := range y.Content {
				n.items = append(n.items, b.node(c, p.item(i)))
			}
		}
	case yaml.ScalarNode:
		b.scalar(n, y, p)
	}
	return n
}

func (b *builder) alias(y *yaml.Node, n *node, p *path) *node {
	target := y.Alias
	n.width = utf8.RuneCountInString(y.Value) + 1
	if target == nil || b.open[target] {
		b.lost(n, p, "the alias *"+y.Value+" stands for a value that contains it", "")
		return n
	}
	b.aliases++
	defer func() { b.aliases-- }()
	return b.node(target, p)
}

// knownTag refuses explicit tags that would change what a value means.
func (b *builder) knownTag(y *yaml.Node, n *node, p *path, known ...string) bool {
	if y.Style&yaml.TaggedStyle == 0 || slices.Contains(known, y.ShortTag()) {
		return true
	}
	b.lost(n, p, "the tag "+printable(y.Tag)+" is not supported here", "remove the tag")
	return false
}

func (b *builder) scalar(n *node, y *yaml.Node, p *path) {
	const quotes = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle
	const blocks = yaml.LiteralStyle | yaml.FoldedStyle
	n.raw, n.text = y.Value, y.Value
	n.quoted = y.Style&(quotes|blocks) != 0
	n.width = b.widthOf(n, y.Style&quotes != 0)
	if !b.knownTag(y, n, p, "!!str", "!!int", "!!float", "!!bool", "!!null") {
		return
	}
	if !n.quoted && y.ShortTag() == "!!null" {
		n.kind = null
		return
	}
	b.fill(n, y.Value, p)
}

// fill makes n a scalar with the text, in which references are replaced.
func (b *builder) fill(n *node, text string, p *path) {
	n.raw, n.text = text, text
	if b.unseals(n, p) {
		return
	}
	if b.expand != nil {
		var fault *expansionFault
		if n.text, fault = b.expand(text); fault != nil {
			n.kind = invalid
			b.fault(n, p, fault.problem, fault.hint)
			return
		}
	}
	n.kind = scalar
	b.unseals(n, p) // what a reference stands for
}

// widthOf returns how many characters of the line the scalar takes.
func (b *builder) widthOf(n *node, inQuotes bool) int {
	if n.line < 1 || n.line > len(b.src.lines) {
		return 1
	}
	width := utf8.RuneCountInString(n.raw)
	if inQuotes {
		width += 2
	}
	left := b.src.width[n.line-1] - n.col + 1
	return max(1, min(width, left))
}

// entries fills in a mapping: its own keys, then those of its merge keys that it
// does not have, the first of several winning.
func (b *builder) entries(n *node, y *yaml.Node, p *path) {
	var merges []*yaml.Node
	own := map[string]*node{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if isMerge(k) {
			merges = append(merges, v)
			continue
		}
		key := b.key(k, p)
		if key == nil {
			continue
		}
		at := p.child(key.text)
		if first, ok := own[key.text]; ok {
			b.fault(key, at, "the key is set twice", "remove one: the first is on line "+decimal(first.line))
			hide(b.node(v, at)) // nobody knows whether its twin is secret
			continue
		}
		own[key.text] = key
		value := b.node(v, at)
		value.key = key
		n.entries = append(n.entries, entry{key, value})
	}
	for _, m := range merges {
		b.mergeKey(n, own, m, p)
	}
}

func isMerge(k *yaml.Node) bool {
	return k.Kind == yaml.ScalarNode && k.ShortTag() == "!!merge"
}

// key returns the node of a key, or nil if it cannot be one.
func (b *builder) key(k *yaml.Node, p *path) *node {
	n := &node{src: b.src, mark: mark{k.Line, k.Column}, width: 1, kind: scalar}
	target := k
	if k.Kind == yaml.AliasNode && k.Alias != nil {
		target = k.Alias
	}
	if target.Kind != yaml.ScalarNode {
		b.lost(n, p, "a key must be text", "")
		return nil
	}
	if target.Style == 0 && target.ShortTag() == "!!null" {
		b.lost(n, p, "the key is missing", `write "key: value"`)
		return nil
	}
	n.text, n.raw = target.Value, target.Value
	n.width = b.widthOf(n, target.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0)
	return n
}

// mergeKey adds what "<<: m" brings.
func (b *builder) mergeKey(n *node, own map[string]*node, m *yaml.Node, p *path) {
	from := b.node(m, p)
	sources := []*node{from}
	if from.kind == sequence {
		sources = from.items
	}
	for _, s := range sources {
		switch s.kind {
		case invalid:
		case mapping:
			for _, e := range s.entries {
				if own[e.key.text] == nil {
					own[e.key.text] = e.key
					n.entries = append(n.entries, e)
				}
			}
		default:
			b.lost(s, p, "<< takes a mapping or a list of mappings", "")
		}
	}
}
