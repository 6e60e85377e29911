package config

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"go.yaml.in/yaml/v3"
)

// parseTOML returns the document in data as YAML's, with the places of TOML's, or
// the one fault that makes it no TOML document.
func parseTOML(src *source, data []byte) (*yaml.Node, *located) {
	if at := invalidUTF8(data); at < len(data) {
		return nil, src.syntax(markOf(data, at), "the file is not UTF-8 text", "save it as UTF-8")
	}
	// The library's own decoder knows what may be defined once only.
	var checked map[string]any
	if err := toml.Unmarshal(data, &checked); err != nil {
		at, problem := mark{1, 1}, strings.TrimPrefix(err.Error(), "toml: ")
		if e, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column := e.Position()
			at = mark{max(1, line), max(1, column)}
		}
		return nil, src.syntax(at, "not valid TOML: "+problem, "")
	}
	t := &tomlTree{data: data, root: &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}, below: map[*yaml.Node]map[string]*yaml.Node{}}
	for i, c := range data {
		if c == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	t.parser.Reset(data)
	table := t.root
	for t.parser.NextExpression() {
		expression := t.parser.Expression()
		switch expression.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = t.table(t.root, expression.Key(), expression.Kind == unstable.ArrayTable)
		case unstable.KeyValue:
			t.keyValue(table, expression)
		}
	}
	if err := t.parser.Error(); err != nil {
		return nil, src.syntax(mark{1, 1}, "not valid TOML: "+err.Error(), "") // unreachable: it was checked
	}
	return &yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{t.root}}, nil
}

// tomlTree builds YAML nodes from the expressions of a valid TOML document.
type tomlTree struct {
	parser unstable.Parser
	data   []byte
	lines  []int // offsets of the second line and of those after it
	root   *yaml.Node
	below  map[*yaml.Node]map[string]*yaml.Node // of mappings
}

// keyValue adds "a.b = value" to a mapping.
func (t *tomlTree) keyValue(to *yaml.Node, n *unstable.Node) {
	keys := n.Key()
	var key *unstable.Node
	for keys.Next() {
		if key != nil {
			to = t.enter(to, key)
		}
		key = keys.Node()
	}
	t.add(to, key, t.value(n.Value(), key))
}

// table returns the mapping that a header such as [a.b] or [[a.b]] opens.
func (t *tomlTree) table(to *yaml.Node, keys unstable.Iterator, list bool) *yaml.Node {
	for keys.Next() {
		key := keys.Node()
		if !list || !keys.IsLast() {
			to = t.enter(to, key)
			continue
		}
		all := t.below[to][string(key.Data)]
		if all == nil {
			all = t.place(&yaml.Node{Kind: yaml.SequenceNode}, key)
			t.add(to, key, all)
		}
		to = t.place(&yaml.Node{Kind: yaml.MappingNode}, key)
		all.Content = append(all.Content, to)
	}
	return to
}

// enter returns the mapping below a key, of a list its last element; it is made
// if there is none.
func (t *tomlTree) enter(to *yaml.Node, key *unstable.Node) *yaml.Node {
	next := t.below[to][string(key.Data)]
	switch {
	case next == nil:
		next = t.place(&yaml.Node{Kind: yaml.MappingNode}, key)
		t.add(to, key, next)
	case next.Kind == yaml.SequenceNode && len(next.Content) > 0:
		next = next.Content[len(next.Content)-1]
	}
	return next
}

// add puts a value below a key that the mapping does not have.
func (t *tomlTree) add(to *yaml.Node, key *unstable.Node, value *yaml.Node) {
	if t.below[to] == nil {
		t.below[to] = map[string]*yaml.Node{}
	}
	t.below[to][string(key.Data)] = value
	to.Content = append(to.Content, t.key(key), value)
}

func (t *tomlTree) key(n *unstable.Node) *yaml.Node {
	key := t.place(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(n.Data)}, n)
	if raw := t.parser.Raw(n.Raw); len(raw) > 0 && (raw[0] == '"' || raw[0] == '\'') {
		key.Style = yaml.DoubleQuotedStyle
	}
	return key
}

// value converts a value; near is the key in front of it.
func (t *tomlTree) value(n, near *unstable.Node) *yaml.Node {
	at := n
	if n.Raw.Length == 0 {
		at = near
	}
	children := n.Children()
	switch n.Kind {
	case unstable.Array:
		list := t.place(&yaml.Node{Kind: yaml.SequenceNode}, at)
		for children.Next() {
			if child := children.Node(); child.Kind != unstable.Comment {
				list.Content = append(list.Content, t.value(child, near))
			}
		}
		return list
	case unstable.InlineTable:
		table := t.place(&yaml.Node{Kind: yaml.MappingNode}, at)
		for children.Next() {
			if child := children.Node(); child.Kind == unstable.KeyValue {
				t.keyValue(table, child)
			}
		}
		return table
	case unstable.String:
		return t.place(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: string(n.Data)}, at)
	default:
		return t.place(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(n.Data)}, at)
	}
}

// place gives a node the place of a TOML node.
func (t *tomlTree) place(y *yaml.Node, n *unstable.Node) *yaml.Node {
	offset := int(n.Raw.Offset)
	line, exact := slices.BinarySearch(t.lines, offset)
	if exact {
		line++
	}
	start := 0
	if line > 0 {
		start = t.lines[line-1]
	}
	y.Line, y.Column = line+1, utf8.RuneCount(t.data[start:offset])+1
	return y
}
