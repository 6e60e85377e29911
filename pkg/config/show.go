package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Show returns the effective configuration: the long form with all defaults, the
// short form with what it amounts to, keys in the order of the reference and
// components sorted. l must have loaded without errors. What is not there, or is text and empty by default, is left
// out, and so is the section deploy if no layer says anything about it.
func (l Loaded) Show() *Value {
	s := shower{doc: l.doc, short: l.shortForm()}
	whole := s.whole(l.model(s.short.Short))
	if _, said := l.doc.root.find("deploy"); !said {
		whole.Items = slices.DeleteFunc(whole.Items, func(v *Value) bool { return v.Path == "deploy" })
	}
	return whole
}

// shower makes Values of a configuration that was decoded.
type shower struct {
	doc   *document
	short shortForm
}

func (s shower) whole(model Model) *Value {
	top := s.section(reflect.ValueOf(model), s.doc.root, nil)
	top.Items = slices.DeleteFunc(top.Items, func(v *Value) bool { return len(v.Items) == 0 && isShort(v.Key) })
	return top
}

// isShort reports whether a path is of the short form.
func isShort(path string) bool {
	keys, err := fieldsOf(reflect.TypeFor[Short]())
	section, _, _ := strings.Cut(path, ".")
	return err == nil && slices.Contains(keys.keys(), section)
}

// value shows v, about which the layers say n. It is nil if there is nothing to show.
func (s shower) value(v reflect.Value, n *node, p *path, f field) *Value {
	if text, open := s.doc.written[p.String()]; open {
		return s.scalar(reflect.ValueOf(text), n, p, f, true)
	}
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch {
	case isText(v.Type()):
	case v.Kind() == reflect.Struct:
		return s.section(v, n, p)
	case v.Kind() == reflect.Map && v.IsNil(), v.Kind() == reflect.Slice && v.IsNil():
		return nil
	case v.Kind() == reflect.Map:
		return s.mapping(v, n, p, f)
	case v.Kind() == reflect.Slice:
		list := s.collection(ListValue, n, p)
		for i := range v.Len() {
			list.Items = append(list.Items, s.value(v.Index(i), n.within(step{index: i}), p.item(i), f))
		}
		return list
	}
	return s.scalar(v, n, p, f, false)
}

func (s shower) collection(kind ValueKind, n *node, p *path) *Value {
	v := &Value{Path: p.String(), Kind: kind, Origin: s.doc.origin(n)}
	if p != nil && p.index < 0 {
		v.Key = p.key
	}
	return v
}

func (s shower) section(v reflect.Value, n *node, p *path) *Value {
	section := s.collection(SectionValue, n, p)
	keys, err := fieldsOf(v.Type())
	if err != nil {
		return section // decoding said so
	}
	for _, f := range keys {
		at, inside := p.child(f.key), v.FieldByIndex(f.index)
		below := n.field(f.key)
		if source, short := s.short.sources[at.String()]; short {
			below = source
		}
		if s.isUnset(inside, below, at, f) {
			continue
		}
		if shown := s.value(inside, below, at, f); shown != nil {
			section.Items = append(section.Items, shown)
		}
	}
	return section
}

// isUnset reports whether a key has no value of its own: text that is empty
// unless somebody says so, what only stands for a value that is missing, or what
// the short form cannot say.
func (s shower) isUnset(v reflect.Value, n *node, p *path, f field) bool {
	if _, open := s.doc.written[p.String()]; open {
		return false
	}
	problem, _ := f.breach(v)
	if problem != "" && isShort(p.String()) || s.short.unsaid[p.String()] {
		return true
	}
	return v.IsZero() && (problem != "" || (n == nil || n.kind == null) && v.Kind() == reflect.String)
}

func (s shower) mapping(v reflect.Value, n *node, p *path, f field) *Value {
	section := s.collection(SectionValue, n, p)
	inside := make(map[string]reflect.Value, v.Len())
	for it := v.MapRange(); it.Next(); {
		inside[fmt.Sprint(it.Key().Interface())] = it.Value()
	}
	for _, key := range slices.Sorted(maps.Keys(inside)) {
		below := n.within(step{key: &node{text: key}})
		if shown := s.value(inside[key], below, p.child(key), f); shown != nil {
			section.Items = append(section.Items, shown)
		}
	}
	return section
}

// scalar shows one value. written says that it is text as a file has it.
func (s shower) scalar(v reflect.Value, n *node, p *path, f field, written bool) *Value {
	if n != nil && n.kind == null {
		n = nil // to say nothing is to leave the default
	}
	shown := s.collection(ScalarValue, n, p)
	shown.Scalar, shown.actual = plainText(v)
	text, isString := shown.Scalar.(string)
	switch {
	case shown.actual != "" && (f.secret || s.isSecret(v, n)):
		shown.Scalar, shown.Secret = mask, true
	case isString && !written:
		text = withoutReferences(text)
		fallthrough
	case isString:
		shown.Scalar = withoutUserinfo(text)
	}
	return shown
}

// isSecret reports whether a value must not be shown, whatever its key is: its
// type hides it, messages hide what says it, or it was encrypted, or part of it.
func (s shower) isSecret(v reflect.Value, n *node) bool {
	if n != nil && (n.sealed || n.src.hidden[n.mark]) {
		return true
	}
	if v.Kind() != reflect.String {
		return false
	}
	text := v.String()
	return fmt.Sprint(v.Interface()) != text || slices.ContainsFunc(s.doc.unsealed, func(part string) bool {
		return len(part) >= concealedLength && strings.Contains(text, part)
	})
}

// withoutReferences writes a text so that no reference is read from it.
func withoutReferences(text string) string {
	var b strings.Builder
	for i, r := range text {
		next := ""
		if r == '$' {
			next = text[i+1:]
		}
		if next != "" && (next[0] == '$' || next[0] == '{') {
			b.WriteByte('$')
		}
		b.WriteRune(r)
	}
	return b.String()
}
