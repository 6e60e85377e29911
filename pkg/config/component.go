package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Components describes one kind of component. The entries of its map have keys
// "type" or "type/name", and the type decides what an entry is decoded into.
type Components struct {
	Kind string // singular, such as "exporter"
	// Types are the supported types, as messages list them.
	Types []string
	// New returns a pointer to the default configuration of a type. It is called
	// with the types in Types and Deprecated only. The pointer is stored in the
	// map if its elements can hold it, else what it points to.
	New func(typ string) any
	// Deprecated maps an old name of a type to the current one; New is called
	// with the old name. Using one is a warning.
	Deprecated map[string]string
	// Instead says, for types that other distributions have, what does that
	// job here.
	Instead map[string]string
}

// unsupported is a component that cannot be had here.
type unsupported struct {
	components Components
	at         *path
	key        *node
	typ        string
}

// typeOf returns the type in an ID.
func typeOf(id string) string {
	typ, _, _ := strings.Cut(id, "/")
	return typ
}

// component decodes one entry of a map of components.
func (d *decoder) component(c Components, e entry, key, out reflect.Value, p *path) {
	at := p.child(e.key.text)
	at.component = true
	typ, name, named := strings.Cut(e.key.text, "/")
	if typ == "" || named && name == "" {
		hide(e.value)
		d.lost(e.key, at, "is no name of a component", "call it "+list(c.Types, "or")+", with /NAME behind it if there are several")
		return
	}
	if current, old := c.Deprecated[typ]; old {
		d.warn(e.key, at, "the "+c.Kind+" type "+typ+" is deprecated", "rename it to "+current)
	} else if _, misplaced := d.levels[0].keys.byKey(typ); misplaced && !slices.Contains(c.Types, typ) {
		hide(e.value)
		d.lost(e.key, at, "is no "+c.Kind, "check the indentation: "+typ+" is a key "+ofLevel(nil))
		return
	} else if !slices.Contains(c.Types, typ) {
		hide(e.value)
		d.unsupported = append(d.unsupported, unsupported{c, at, e.key, typ})
		return
	}
	conf := reflect.ValueOf(c.New(typ))
	if there := out.MapIndex(key); there.IsValid() {
		conf = reflect.ValueOf(there.Interface()) // of the receiver that runs without files
	}
	if conf.Kind() != reflect.Pointer || conf.IsNil() {
		d.misused("config: New(%q) of the %ss returned %s, not a pointer", typ, c.Kind, conf.Kind())
		return
	}
	d.value(e.value, conf.Elem(), at, rules{})
	element := out.Type().Elem()
	switch {
	case conf.Type().AssignableTo(element):
		out.SetMapIndex(key, conf)
	case conf.Elem().Type().AssignableTo(element):
		out.SetMapIndex(key, conf.Elem())
	default:
		d.misused("config: New(%q) of the %ss returned a %s, which is no %s", typ, c.Kind, conf.Type(), element)
	}
}

// foreign notes everything that a section lists which does not exist here.
func (d *decoder) foreign(c Components, n *node, p *path) {
	known := map[string]bool{}
	for _, u := range d.unsupported {
		if u.components.Kind == c.Kind {
			known[u.key.text] = true
		}
	}
	note := func(at *path, key *node) {
		// A section that refers to components repeats what another one defines.
		if !known[key.text] {
			known[key.text] = true
			d.unsupported = append(d.unsupported, unsupported{c, at, key, typeOf(key.text)})
		}
	}
	switch n.kind {
	case mapping:
		for _, e := range n.entries {
			note(p.child(e.key.text), e.key)
		}
	case sequence:
		for i, item := range n.items {
			if item.kind == scalar {
				n.src.show(item.mark)
				note(p.item(i), item)
			}
		}
	default:
	}
}

// reportUnsupported makes one fault of all components that cannot be had: who
// brings a configuration from elsewhere wants to know all of them at once.
func (d *decoder) reportUnsupported() {
	if len(d.unsupported) == 0 {
		return
	}
	slices.SortStableFunc(d.unsupported, func(a, b unsupported) int {
		return compareMarks(a.key.mark, b.key.mark)
	})
	first := d.unsupported[0]
	f := Finding{Path: first.at.String(), Problem: unsupportedNote(first)}
	for _, u := range d.unsupported[1:] {
		f.Related = append(f.Related, Related{u.key.position(), u.at.String(), unsupportedNote(u)})
	}
	f.Hint = d.supportedTypes()
	d.errs = append(d.errs, locate(first.key, f))
	for _, u := range d.unsupported {
		d.wrong[u.at.String()] = true
		d.block(u.at.up)
	}
}

func unsupportedNote(u unsupported) string {
	text := "unsupported " + u.components.Kind + " type " + strconv.Quote(u.typ)
	if note := u.components.Instead[u.typ]; note != "" {
		return text + ": " + note
	}
	if guess := Nearest(u.typ, u.components.Types); guess != "" {
		return text + ", did you mean " + guess + "?"
	}
	return text
}

// supportedTypes lists the types of each kind that was asked in vain.
func (d *decoder) supportedTypes() string {
	var parts []string
	for _, u := range d.unsupported {
		part := "there are no " + u.components.Kind + "s"
		if len(u.components.Types) > 0 {
			part = "supported " + u.components.Kind + "s: " + strings.Join(u.components.Types, ", ")
		}
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "; ")
}

func decimal(i int) string { return strconv.Itoa(i) }
