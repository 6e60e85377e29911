package config

import (
	"reflect"
	"slices"
	"strings"
)

// structure decodes a mapping into the fields of a struct. Nothing at all
// ("key:") leaves the defaults.
func (d *decoder) structure(n *node, v reflect.Value, p *path) {
	switch n.kind {
	case null:
		return
	case mapping:
	default:
		d.lost(n, p, describe(n, rules{})+" where a mapping belongs", "write its keys on lines of their own below it")
		return
	}
	keys, err := fieldsOf(v.Type())
	if err != nil {
		d.misused("%w", err)
		return
	}
	d.levels = append(d.levels, level{p, keys})
	defer func() { d.levels = d.levels[:len(d.levels)-1] }()
	for _, e := range n.entries {
		at := p.child(e.key.text)
		f, known := keys.byKey(e.key.text)
		if !known {
			d.unknownKey(e, at, keys)
			continue
		}
		if f.deprecated != "" {
			d.warn(e.key, at, "the key is deprecated", f.deprecated)
		}
		d.value(e.value, v.FieldByIndex(f.index), at, f.rules)
	}
}

func (d *decoder) warn(n *node, p *path, problem, hint string) {
	d.warns = append(d.warns, locate(n, Finding{Path: p.String(), Problem: problem, Hint: hint}))
}

// pointer decodes what is optional. Nothing at all switches on what has defaults
// and leaves the rest nil; "enabled: false" makes a struct nil again.
func (d *decoder) pointer(n *node, v reflect.Value, p *path, r rules) {
	fresh := reflect.New(v.Type().Elem())
	defaults, hasDefaults := reflect.TypeAssert[setDefaulter](fresh)
	switch {
	case n.kind == null && (!v.IsNil() || !hasDefaults):
		return
	case !v.IsNil():
		fresh.Elem().Set(v.Elem())
	case hasDefaults:
		defaults.SetDefaults()
	}
	enabled := true
	if flag := n.field("enabled"); flag != nil && d.isOptionalSection(fresh.Elem().Type()) {
		d.value(flag, reflect.ValueOf(&enabled).Elem(), p.child("enabled"), rules{})
		n = n.without("enabled")
	}
	// What is switched off is decoded too: its faults are faults.
	d.value(n, fresh.Elem(), p, r)
	if enabled {
		v.Set(fresh)
	} else {
		v.SetZero()
	}
}

// isOptionalSection reports whether t is a struct without an enabled key of its
// own.
func (d *decoder) isOptionalSection(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	keys, err := fieldsOf(t)
	if err != nil {
		d.misused("%w", err)
		return false
	}
	_, own := keys.byKey("enabled")
	return !own
}

// unknownKey reports a key that its struct does not have, with the likeliest
// meaning: a misspelling, a key of another level, or else what there is.
func (d *decoder) unknownKey(e entry, p *path, keys fields) {
	if c, ok := d.opts.Components[p.String()]; ok {
		hide(e.value)
		d.foreign(c, e.value, p)
		return
	}
	key := e.key.text
	guess, guessed := keys.byKey(Nearest(key, keys.keys()))
	if !guessed || guess.secret || e.value.kind != scalar {
		hide(e.value) // it may be a secret under a misspelt name
	}
	long := ofDatabase(p.up, key)
	switch elsewhere := d.elsewhere(key, keys); {
	case guessed:
		d.fault(e.key, p, "unknown key", "did you mean "+guess.key+"?")
		d.wrong[p.up.child(guess.key).String()] = true
		if e.value.kind != scalar {
			d.block(p)
		}
	case elsewhere != "":
		d.lost(e.key, p, "unknown key", elsewhere)
	case long != nil:
		d.fault(e.key, p, "unknown key", "write it as "+long.String()+", and name that exporter in pipelines")
	default:
		d.fault(e.key, p, "unknown key", known(keys))
	}
}

// elsewhere says where a key belongs that is known, but not here.
func (d *decoder) elsewhere(key string, keys fields) string {
	for _, l := range slices.Backward(d.levels[:len(d.levels)-1]) {
		if _, ok := l.keys.byKey(key); ok {
			return "check the indentation: " + key + " is a key " + ofLevel(l.at)
		}
	}
	if below := keysBelow(keys, key, 3); len(below) > 0 {
		return key + " is a key of " + list(below, "and")
	}
	return ""
}

// few is how many names a hint lists at most.
const few = 12

// known lists keys, unless they are too many to help.
func known(keys fields) string {
	switch {
	case len(keys) == 0:
		return "no keys are known here"
	case len(keys) <= few:
		return "known keys: " + strings.Join(keys.keys(), ", ")
	}
	return ""
}

func ofLevel(p *path) string {
	if p == nil {
		return "of the top level"
	}
	return "of " + p.String()
}

// keysBelow returns the relative paths of the structs below that have the key.
func keysBelow(keys fields, key string, depth int) []string {
	var found []string
	for _, f := range keys {
		t := f.typ
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if depth == 0 || t.Kind() != reflect.Struct || isText(t) {
			continue
		}
		inner, err := fieldsOf(t)
		if err != nil {
			continue
		}
		if _, ok := inner.byKey(key); ok {
			found = append(found, f.key)
		}
		for _, rel := range keysBelow(inner, key, depth-1) {
			found = append(found, f.key+"."+rel)
		}
	}
	return found
}
