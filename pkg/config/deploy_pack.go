package config

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// packing writes a tree as one file that holds no plain secret.
type packing struct {
	doc       *document
	whole     spot
	secrets   map[string]string
	variables map[string]Variable
	files     []FileUse
	sealed    string
	faults    []located
}

func newPacking(doc *document) *packing {
	whole := rootSpot(reflect.ValueOf(doc.defaults()), nil, &doc.opts)
	return &packing{doc: doc, whole: whole, secrets: map[string]string{}, variables: map[string]Variable{}}
}

// file returns the tree without what is not for the receiver: the section deploy, and the short
// form, which has become the long one, but for database.
func (p *packing) file() (*yaml.Node, error) {
	root, err := p.doc.explicit()
	if err != nil || root == nil {
		return nil, err
	}
	kept := *root
	kept.entries = slices.DeleteFunc(slices.Clone(root.entries), func(e entry) bool {
		return e.key.text == "deploy" || isShort(e.key.text) && e.key.text != "database"
	})
	return p.value(&kept, nil), nil
}

func (p *packing) value(n *node, at *path) *yaml.Node {
	switch n.kind {
	case mapping:
		m := &yaml.Node{Kind: yaml.MappingNode}
		for _, e := range n.entries {
			if e.value.fromDatabase() {
				continue
			}
			below := at.child(e.key.text)
			p.readable(e.key, below)
			m.Content = append(m.Content, plainOrQuoted(e.key.text, e.key.quoted), p.value(e.value, below))
		}
		return m
	case sequence:
		list := &yaml.Node{Kind: yaml.SequenceNode}
		for i, item := range n.items {
			list.Content = append(list.Content, p.value(item, at.item(i)))
		}
		return list
	case scalar:
		return p.scalar(n, at)
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	}
}

func (p *packing) scalar(n *node, at *path) *yaml.Node {
	switch {
	case looksSealed(n.raw):
		p.seal(n, at)
	case refers(n.raw):
		p.reference(n, at)
	case n.text != "" && (isSecret(p.whole, at.steps()) || userinfo().MatchString(n.text)):
		return plainOrQuoted("${file:"+SecretsFolder+"/"+p.keep(at, n.text)+"}", false)
	}
	p.readable(n, at)
	p.named(n, at)
	return plainOrQuoted(n.raw, n.quoted)
}

// readable refuses what no file of YAML can hold; a flag can.
func (p *packing) readable(n *node, at *path) {
	if !utf8.ValidString(n.raw) {
		p.fault(n, at, "is not UTF-8 text", "")
	}
}

// seal notes an encrypted value, which holds for the key that it was written for only.
func (p *packing) seal(n *node, at *path) {
	if n.alias != "" {
		p.fault(n, at, "an encrypted value in the short form cannot be carried over", "encrypt it under the long name, "+at.String())
	}
	if p.sealed == "" {
		p.sealed = at.String()
	}
}

// reference notes the variables in a value.
func (p *packing) reference(n *node, at *path) {
	switch {
	case n.alias == "otlp.timeout_seconds", n.alias == "logging.format":
		p.fault(n, at, "a reference in the short form cannot be carried over", "write it under the long name, "+at.String())
	case hasLiteralPassword(n.raw):
		p.fault(n, at, "has a password beside a reference, which would be readable by all who can read the ConfigMap", "put the password into a variable as well")
	}
	for _, name := range filesIn(n.raw) {
		p.files = append(p.files, FileUse{Path: at.String(), Name: name})
	}
	for name, required := range variablesIn(n.raw) {
		v, known := p.variables[name]
		if !known {
			v = Variable{Name: name, Path: at.String()}
		}
		v.Required = v.Required || required
		p.variables[name] = v
	}
}

func (p *packing) fault(n *node, at *path, problem, hint string) {
	p.faults = append(p.faults, locate(n, Finding{Path: at.String(), Problem: problem, Hint: hint}))
}

// longestKey is how long the name of a file in a Secret may be.
const longestKey = 253

// keep puts a value among the secrets and returns its name: the path, as far as a Secret allows.
func (p *packing) keep(at *path, text string) string {
	path := at.String()
	key := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_':
			return r
		}
		return '_'
	}, path)
	if _, taken := p.secrets[key]; taken || len(key) > longestKey {
		sum := sha256.Sum256([]byte(path))
		suffix := "." + hex.EncodeToString(sum[:6])
		key = key[:min(len(key), longestKey-len(suffix))] + suffix
	}
	p.secrets[key] = text
	return key
}

// plainOrQuoted writes a text with quotes where it had some, and where it would be nothing without.
func plainOrQuoted(text string, quoted bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	switch {
	case quoted && strings.Contains(text, "\n"):
		n.Style = yaml.LiteralStyle
	case quoted, n.ShortTag() == "!!null", n.ShortTag() == "!!merge":
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// hasLiteralPassword reports whether a URL has a password that is no reference.
func hasLiteralPassword(text string) bool {
	for _, found := range userinfo().FindAllString(text, -1) {
		var b strings.Builder
		for found != "" {
			if length := reference(found); strings.HasPrefix(found, "${") && length > 0 {
				found = found[length:]
				continue
			}
			b.WriteByte(found[0])
			found = found[1:]
		}
		_, password, _ := strings.Cut(strings.TrimPrefix(b.String(), "://"), ":")
		if strings.TrimSuffix(password, "@") != "" {
			return true
		}
	}
	return false
}
