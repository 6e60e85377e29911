package config

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// spot is a place that a configuration has, or could have.
type spot struct {
	opts  *Options
	steps []step
	// typ is what belongs there, without pointers.
	typ reflect.Type
	// preset holds the default; it is invalid where there is none.
	preset reflect.Value
	// set is what is said there so far, or nil.
	set *node
	// field has the tags of the nearest key.
	field field
	// made says that the place exists once it is named only: it is the type of a
	// component of which there is none.
	made bool
}

// rootSpot returns the spot of a whole configuration. defaults is the struct
// that is decoded into, root what is said so far.
func rootSpot(defaults reflect.Value, root *node, opts *Options) spot {
	return spot{opts: opts, typ: defaults.Type(), preset: defaults, set: root}
}

func (s spot) path() *path { return pathOf(s.steps) }

// key returns the name of the spot in what holds it.
func (s spot) key() string { return s.steps[len(s.steps)-1].key.text }

// children returns the spots below: what exists or has a place of its own first,
// then what could be added. Lists are gone into with item.
func (s spot) children() []spot {
	switch {
	case isText(s.typ):
		return nil
	case s.typ.Kind() == reflect.Struct:
		return s.fields()
	case s.typ.Kind() == reflect.Map:
		return s.elements()
	default:
		return nil
	}
}

func (s spot) fields() []spot {
	keys, err := fieldsOf(s.typ)
	if err != nil {
		return nil // decoding says so
	}
	all := make([]spot, len(keys))
	for i, f := range keys {
		child := s.child(f.key)
		child.typ, child.field = f.typ, f
		if s.preset.IsValid() {
			child.preset = s.preset.FieldByIndex(f.index)
		}
		all[i] = child.settle()
	}
	return all
}

// elements returns what a map holds. A map of components has a place for each
// type as well.
func (s spot) elements() []spot {
	components, isComponents := s.opts.Components[s.path().String()]
	preset := map[string]reflect.Value{}
	if s.preset.IsValid() {
		for it := s.preset.MapRange(); it.Next(); {
			preset[it.Key().String()] = it.Value()
		}
	}
	names := slices.Sorted(maps.Keys(preset))
	if s.set != nil {
		for _, e := range s.set.entries {
			if _, ok := preset[e.key.text]; !ok {
				names = append(names, e.key.text)
			}
		}
	}
	var all []spot
	for _, name := range names {
		child := s.child(name)
		child.typ, child.field, child.preset = s.typ.Elem(), s.field, preset[name]
		if isComponents && !child.preset.IsValid() {
			child.preset = components.fresh(typeOf(name))
		}
		all = append(all, child.settle())
	}
	for _, typ := range components.Types {
		if !slices.Contains(names, typ) {
			child := s.child(typ)
			child.typ, child.made, child.preset = s.typ.Elem(), true, components.fresh(typ)
			all = append(all, child.settle())
		}
	}
	return all
}

// element returns the spot of a further element of a map that takes any key, or
// of a component by any name.
func (s spot) element(key string) spot {
	child := s.child(key)
	child.typ, child.field, child.made = s.typ.Elem(), s.field, true
	if c, ok := s.opts.Components[s.path().String()]; ok {
		child.preset = c.fresh(typeOf(key))
	}
	return child.settle()
}

// fresh returns the defaults of a type, invalid if there is no such type.
func (c Components) fresh(typ string) reflect.Value {
	if _, old := c.Deprecated[typ]; c.New == nil || !old && !slices.Contains(c.Types, typ) {
		return reflect.Value{}
	}
	return reflect.ValueOf(c.New(typ))
}

// item returns the spot of an element of a list; ok is false if the list is not
// long enough to have it, or to be continued by it.
func (s spot) item(index int) (child spot, ok bool) {
	have := 0
	if s.set != nil && s.set.kind == sequence {
		have = len(s.set.items)
	}
	if index < 0 || index > have {
		return spot{}, false
	}
	return s.itemAt(index), true
}

// itemAt returns the spot of an element, whether or not the list has it.
func (s spot) itemAt(index int) spot {
	child := spot{opts: s.opts, steps: append(slices.Clip(s.steps), step{index: index}), typ: s.typ.Elem(), field: s.field}
	if s.set != nil && s.set.kind == sequence && index < len(s.set.items) {
		child.set = s.set.items[index]
	}
	if s.preset.IsValid() && s.preset.Kind() == reflect.Slice && index < s.preset.Len() {
		child.preset = s.preset.Index(index)
	}
	return child.settle()
}

func (s spot) child(key string) spot {
	return spot{opts: s.opts, steps: append(slices.Clip(s.steps), step{key: &node{kind: scalar, text: key, raw: key}}), set: s.set.field(key)}
}

// settle takes pointers and interfaces off the type and the default.
func (s spot) settle() spot {
	for s.preset.IsValid() && (s.preset.Kind() == reflect.Pointer || s.preset.Kind() == reflect.Interface) && !s.preset.IsNil() {
		s.preset = s.preset.Elem()
		s.typ = s.preset.Type()
	}
	for s.typ.Kind() == reflect.Pointer {
		s.typ = s.typ.Elem()
		fresh := reflect.New(s.typ)
		if d, ok := reflect.TypeAssert[setDefaulter](fresh); ok {
			d.SetDefaults()
		}
		s.preset = fresh.Elem()
	}
	return s
}

func (s spot) isList() bool { return !isText(s.typ) && s.typ.Kind() == reflect.Slice }

// isWhole reports whether the spot takes one scalar.
func (s spot) isWhole() bool {
	switch {
	case isText(s.typ), s.typ == durationType():
		return true
	case s.typ.Kind() == reflect.Struct, s.typ.Kind() == reflect.Map, s.typ.Kind() == reflect.Slice, s.typ.Kind() == reflect.Interface:
		return false
	}
	return true
}

// takesAnyKey reports whether the spot is a map whose keys are the user's own.
func (s spot) takesAnyKey() bool {
	_, isComponents := s.opts.Components[s.path().String()]
	return s.takesNewKey() && !isComponents
}

// takesNewKey reports whether the spot is a map, of components or of anything.
func (s spot) takesNewKey() bool { return !isText(s.typ) && s.typ.Kind() == reflect.Map }

func parseIndex(text string) (int, bool) {
	i, err := strconv.Atoi(text)
	return i, err == nil && i >= 0 && strconv.Itoa(i) == text
}
