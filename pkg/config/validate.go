package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// validator is a value that can check itself once it is complete.
type validator interface{ Validate() error }

// pathError is an error about a value inside the one that was validated:
// ConfigPath is relative to it, such as "pipelines.traces.exporters[1]".
type pathError interface {
	error
	ConfigPath() string
}

// problemError says what is wrong without naming the path again.
type problemError interface {
	error
	Problem() string
}

// hinter is an error that knows what to do.
type hinter interface {
	error
	ConfigHint() string
}

// warner is an error that may be no reason to stop.
type warner interface {
	error
	ConfigWarning() bool
}

// validate calls Validate on v and everything inside it, innermost first. n is
// where v is in the files, or nil.
func (d *decoder) validate(v reflect.Value, n *node, p *path) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			d.validate(v.Elem(), n, p)
		}
		return
	case reflect.Struct:
		d.validateFields(v, n, p)
	case reflect.Map:
		d.validateMap(v, n, p)
	case reflect.Slice:
		for i := range v.Len() {
			var item *node
			if n != nil && n.kind == sequence && i < len(n.items) {
				item = n.items[i]
			}
			d.validate(v.Index(i), item, p.item(i))
		}
	default:
	}
	check, ok := asValidator(v)
	if !ok || d.blocked[p.String()] || d.explained(p.String()) {
		return
	}
	var found []string
	for _, err := range leaves(check.Validate()) {
		found = append(found, d.invalid(err, n, p))
	}
	// What is around v has nothing to add about the same places.
	for _, path := range found {
		d.wrong[path] = true
	}
}

func asValidator(v reflect.Value) (validator, bool) {
	if v.CanAddr() {
		if c, ok := reflect.TypeAssert[validator](v.Addr()); ok {
			return c, true
		}
	}
	if !v.CanInterface() {
		return nil, false
	}
	return reflect.TypeAssert[validator](v)
}

// validateFields goes into the keys of a struct. An embedded struct is part of
// the one around it, whose Validate answers for both.
func (d *decoder) validateFields(v reflect.Value, n *node, p *path) {
	keys, err := fieldsOf(v.Type())
	if err != nil {
		d.misused("%w", err)
		return
	}
	for _, f := range keys {
		d.validate(v.FieldByIndex(f.index), n.field(f.key), p.child(f.key))
	}
}

func (d *decoder) validateMap(v reflect.Value, n *node, p *path) {
	type element struct {
		name  string
		value reflect.Value
	}
	var elements []element
	for it := v.MapRange(); it.Next(); {
		// Validate may have a pointer receiver, and map elements have no address.
		value := reflect.New(it.Value().Type()).Elem()
		value.Set(it.Value())
		elements = append(elements, element{fmt.Sprint(it.Key().Interface()), value})
	}
	slices.SortFunc(elements, func(a, b element) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	nodes := map[string]*node{}
	if n != nil {
		for _, e := range n.entries {
			nodes[e.key.text] = e.value
		}
	}
	for _, e := range elements {
		d.validate(e.value, nodes[e.name], p.child(e.name))
	}
}

// leaves takes errors.Join apart.
func leaves(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, leaves(e)...)
	}
	return all
}

// invalid reports an error of Validate at the place that it names, and returns
// the path of that place, or "" if there is nothing wrong with it.
func (d *decoder) invalid(err error, n *node, p *path) string {
	full, at := p.String(), n
	if pe, ok := errors.AsType[pathError](err); ok {
		full = joinPath(full, pe.ConfigPath())
		at, _ = n.find(pe.ConfigPath())
	}
	if at == nil {
		at, _ = d.root.find(full)
	}
	if d.explained(full) {
		return ""
	}
	problem := err.Error()
	if e, ok := err.(problemError); ok { //nolint:errorlint // an error around it has more to say
		problem = e.Problem()
	}
	f := Finding{Path: full, Problem: discreet(problem, at)}
	if at != nil && at.alias != "" {
		if f.Path = at.alias; d.wrong[at.alias] {
			return full
		}
	}
	if h, ok := errors.AsType[hinter](err); ok {
		f.Hint = h.ConfigHint()
	}
	if w, ok := errors.AsType[warner](err); ok && w.ConfigWarning() {
		d.warns = append(d.warns, d.locate(at, f))
		return ""
	}
	d.errs = append(d.errs, d.locate(at, f))
	return full
}

// locate points at the file alone if the nearest thing around the place is the
// whole configuration: its first line has no part in the fault.
func (d *decoder) locate(at *node, f Finding) located {
	if at != nil && f.Path != "" && (at == d.root || at.made) {
		if !d.root.made {
			f.Position = Position{File: d.root.src.name}
		}
		return located{Finding: f}
	}
	return locate(at, f)
}

// discreet takes what must not be shown out of a message about n.
func discreet(message string, n *node) string {
	if n != nil && n.kind == scalar && n.text != "" && n.src.hidden[n.mark] {
		message = strings.ReplaceAll(message, n.text, mask)
	}
	return withoutUserinfo(message)
}
