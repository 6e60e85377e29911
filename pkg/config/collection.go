package config

import (
	"reflect"
	"strings"
)

// slice decodes a list, which replaces the default. Text with commas is a list
// too where the elements are scalars, as in the Collector.
func (d *decoder) slice(n *node, v reflect.Value, p *path, r rules) {
	var items []*node
	switch {
	case n.kind == null:
		return
	case n.kind == sequence:
		items = n.items
	case n.kind == scalar && isScalar(v.Type().Elem()):
		items = splitList(n)
	default:
		d.lost(n, p, describe(n, r)+" where a list belongs", `write each element on a line that begins with "- "`)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		at := p.item(i)
		if item.kind == null {
			d.lost(item, at, "the element is empty", "remove it, or give it a value")
			continue
		}
		setDefaults(out.Index(i))
		d.value(item, out.Index(i), at, r)
	}
	v.Set(out)
}

func isScalar(t reflect.Type) bool {
	if isText(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Interface, reflect.Pointer:
		return false
	default:
		return true
	}
}

func splitList(n *node) []*node {
	if strings.TrimSpace(n.text) == "" {
		return nil
	}
	var items []*node
	for part := range strings.SplitSeq(n.text, ",") {
		item := *n
		item.text = strings.TrimSpace(part)
		if !n.fromEnvironment() {
			item.raw = item.text
		}
		items = append(items, &item)
	}
	return items
}

func setDefaults(v reflect.Value) {
	if s, ok := reflect.TypeAssert[setDefaulter](v.Addr()); ok {
		s.SetDefaults()
	}
}

// mapping decodes a mapping into a map. Defaults stay beside what is set.
func (d *decoder) mapping(n *node, v reflect.Value, p *path, r rules) {
	components, isComponents := d.opts.Components[p.String()]
	t := v.Type()
	switch {
	case n.kind == null:
		return
	case n.kind == mapping:
	case n.kind == sequence && isScalar(t.Elem()):
		n = d.pairs(n, p)
	default:
		d.lost(n, p, describe(n, r)+" where a mapping belongs", `write "key: value" lines below it`)
		return
	}
	out := reflect.MakeMapWithSize(t, v.Len()+len(n.entries))
	for it := v.MapRange(); it.Next(); {
		out.SetMapIndex(it.Key(), it.Value())
	}
	set := map[any]*node{}
	for _, e := range n.entries {
		at := p.child(e.key.text)
		key, ok := d.mapKey(e.key, at, t.Key())
		if !ok {
			hide(e.value)
			continue
		}
		if first := set[key.Interface()]; first != nil {
			d.lost(e.key, at, "means the same as "+first.text+" on line "+decimal(first.line), "remove one")
			continue
		}
		set[key.Interface()] = e.key
		if isComponents {
			d.component(components, e, key, out, p)
			continue
		}
		element := reflect.New(t.Elem()).Elem()
		if old := out.MapIndex(key); old.IsValid() {
			element.Set(old)
		} else {
			setDefaults(element)
		}
		if t.Elem().Kind() == reflect.Pointer && element.IsNil() {
			element.Set(reflect.New(t.Elem().Elem()))
			if s, ok := reflect.TypeAssert[setDefaulter](element); ok {
				s.SetDefaults()
			}
		}
		d.value(e.value, element, at, r)
		out.SetMapIndex(key, element)
	}
	v.Set(out)
}

func (d *decoder) mapKey(n *node, p *path, t reflect.Type) (key reflect.Value, ok bool) {
	key = reflect.New(t).Elem()
	if u, isTyped := asText(key); isTyped {
		if err := u.UnmarshalText([]byte(n.text)); err != nil {
			d.lost(n, p, err.Error(), "")
			return key, false
		}
		return key, true
	}
	if t.Kind() != reflect.String {
		d.misused("config: %s has keys of type %s", p.up, t)
		return key, false
	}
	key.SetString(n.text)
	return key, true
}

// pairs turns a list of {name: …, value: …} into a mapping: the Collector's
// second way to write headers.
func (d *decoder) pairs(n *node, p *path) *node {
	out := *n
	out.kind, out.items = mapping, nil
	for i, item := range n.items {
		name, value := item.field("name"), item.field("value")
		if item.kind == invalid {
			continue
		}
		if name == nil || name.kind != scalar || value == nil || len(item.entries) != 2 {
			hide(item)
			d.lost(item, p.item(i), "an element needs a name and a value, nothing else", `write "name: value" lines below the key`)
			continue
		}
		out.entries = append(out.entries, entry{key: name, value: value})
	}
	return &out
}

// free decodes into an empty interface: whatever the file says.
func (d *decoder) free(n *node, v reflect.Value, p *path) {
	if v.NumMethod() != 0 {
		d.misused("config: nothing says how to decode %s", p)
		return
	}
	value := plainValue(n)
	if value == nil {
		v.SetZero()
		return
	}
	v.Set(reflect.ValueOf(value))
}

// plainValue returns a value as map[string]any, []any, string, bool, int64 or
// float64; nil for nothing.
func plainValue(n *node) any {
	switch n.kind {
	case mapping:
		out := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			out[e.key.text] = plainValue(e.value)
		}
		return out
	case sequence:
		out := make([]any, len(n.items))
		for i, item := range n.items {
			out[i] = plainValue(item)
		}
		return out
	case scalar:
		return plainScalar(n)
	default:
		return nil
	}
}

func plainScalar(n *node) any {
	if n.quoted {
		return n.text
	}
	var b bool
	var i int64
	var f float64
	for _, target := range []any{&b, &i, &f} {
		v := reflect.ValueOf(target).Elem()
		if problem, _ := setScalar(v, n); problem == "" {
			return v.Interface()
		}
	}
	return n.text
}
