package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// form is one way to write a value: the bytes that go, and those that come.
type form struct {
	span

	text string
}

// put returns the file with another text as the value. Of the forms, the first
// holds with which the file says the same as before but for that value.
func (t *Text) put(v written, text string, forms []form) (*Text, error) {
	for _, f := range forms {
		data := slices.Concat(t.Data[:f.from], []byte(f.text), t.Data[f.to:])
		next, err := ParseText(File{Name: t.Name, Data: data})
		if err == nil && next.tree != nil && unchanged(t.tree, next.tree, v.node, text) {
			return next, nil
		}
	}
	return nil, t.failure(t.fault(v.path.String(), v.node, "cannot be replaced in the way that it is written", "write the value on one line, in double quotes"))
}

// unchanged reports whether two trees differ in the text of one scalar at most.
func unchanged(a, b, value *yaml.Node, text string) bool {
	if a == value {
		return b.Kind == yaml.ScalarNode && b.Value == text && b.Anchor == a.Anchor && (b.Style != 0 || b.ShortTag() != "!!null")
	}
	if a.Kind != b.Kind || a.Value != b.Value || a.Anchor != b.Anchor || a.ShortTag() != b.ShortTag() || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !unchanged(a.Content[i], b.Content[i], value, text) {
			return false
		}
	}
	return true
}

// sealedForms are the ways to write an encrypted value in place of what is there,
// in the same quotes if there are any.
func (t *Text) sealedForms(v written, sealed string) []form {
	at, ok := t.spanOf(v)
	if !ok {
		return nil
	}
	old := t.Data[at.from:at.to]
	double := form{at, `"` + sealed + `"`}
	switch {
	case len(old) == 0:
		return []form{{at, " " + sealed}, {at, ` "` + sealed + `"`}}
	case old[0] == '\'' && !bytes.HasPrefix(old, []byte(`'''`)):
		return []form{{at, "'" + sealed + "'"}, double}
	case t.toml || v.flow || old[0] == '"':
		return []form{double}
	case v.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		after := afterIndicator(old) // a comment stays
		return []form{{at, sealed + after}, {at, `"` + sealed + `"` + after}}
	}
	return []form{{at, sealed}, double}
}

// afterIndicator returns the rest of the line with the | or > of a block scalar.
func afterIndicator(block []byte) string {
	line := block[:lineLength(block)]
	return string(bytes.TrimLeft(line[1:], "+-0123456789"))
}

// plainForms are the ways to write a text in place of an encrypted value. Several
// lines become a block where there may be one: they are easier to read and edit.
func (t *Text) plainForms(v written, text string) []form {
	at, ok := t.spanOf(v)
	if !ok {
		return nil
	}
	old := t.Data[at.from]
	double := form{at, quoteText(text)}
	simple := !strings.ContainsFunc(text, func(r rune) bool { return r != ' ' && !unicode.IsGraphic(r) })
	switch {
	case t.toml && old == '\'' && simple && !strings.Contains(text, "'"):
		return []form{{at, "'" + text + "'"}, double}
	case t.toml && strings.Contains(text, "\n"):
		return []form{{at, "'''\n" + text + "'''"}, double}
	case t.toml || v.flow && old == '"':
		return []form{double}
	}
	var forms []form
	if block, ok := t.block(v, at, text); ok {
		forms = append(forms, block)
	}
	switch {
	case old == '\'' && simple:
		forms = append(forms, form{at, "'" + strings.ReplaceAll(text, "'", "''") + "'"})
	case old != '\'' && old != '"' && simple && text != "":
		forms = append(forms, form{at, text})
	}
	return append(forms, double)
}

// block writes a text of several lines as a block scalar. What is behind the value
// on its line, such as a comment, stays there.
func (t *Text) block(v written, at span, text string) (form, bool) {
	body := strings.TrimSuffix(text, "\n")
	if v.flow || !strings.Contains(body, "\n") || strings.HasSuffix(body, "\n") || strings.ContainsFunc(body, notInBlock) {
		return form{}, false
	}
	indent := v.node.Column - 1
	if v.key != nil {
		indent = v.key.Column + 1
	}
	rest := t.Data[at.to : at.to+lineLength(t.Data[at.to:])]
	lineEnd := "\n"
	if n := breakAt(t.Data[at.to+len(rest):]); n > 0 {
		lineEnd = string(t.Data[at.to+len(rest) : at.to+len(rest)+n])
	}
	var b strings.Builder
	b.WriteString("|")
	if body == text {
		b.WriteString("-")
	}
	b.Write(rest)
	for line := range strings.SplitSeq(body, "\n") {
		b.WriteString(lineEnd)
		if line != "" {
			b.WriteString(strings.Repeat(" ", indent) + line)
		}
	}
	return form{span{at.from, at.to + len(rest)}, b.String()}, true
}

func notInBlock(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }

// quoteText writes a text in double quotes as YAML, JSON and TOML all read it.
func quoteText(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r > 0xffff && !unicode.IsGraphic(r):
			fmt.Fprintf(&b, `\U%08X`, r) // which JSON lacks, and nobody writes
		case r != ' ' && !unicode.IsGraphic(r) || r == '\ufeff' || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
