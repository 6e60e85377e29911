package config

import (
	"reflect"
	"slices"
	"strings"
)

// Explanation is everything that is known about one key. The names of its JSON
// fields are API.
type Explanation struct {
	Path string `json:"path"`
	Doc  string `json:"doc,omitempty"`
	Type string `json:"type"`
	Unit string `json:"unit,omitempty"`
	// Range and Values say what is allowed; Fold, that the case of letters does
	// not matter.
	Range  string   `json:"range,omitempty"`
	Values []string `json:"values,omitempty"`
	Fold   bool     `json:"fold,omitempty"`
	Secret bool     `json:"secret,omitempty"`
	// Deprecated says what to use instead.
	Deprecated string `json:"deprecated,omitempty"`
	Default    any    `json:"default"`
	// Variable sets the key from the environment; empty if no name is
	// unambiguous.
	Variable string `json:"variable,omitempty"`
	// Twins are its other names: in the short form, or in the long one.
	Twins []string `json:"twins,omitempty"`
	// Value is what is in effect, or nil. Note says why there is none.
	Value *Value `json:"value"`
	Note  string `json:"note,omitempty"`
	// Layers are all who say something, lowest first. Only values have them.
	Layers []Said `json:"layers,omitempty"`
	// Keys are what is in a section.
	Keys []KeySummary `json:"keys,omitempty"`
}

// KeySummary is one key of a section.
type KeySummary struct {
	Key   string `json:"key"`
	Path  string `json:"path"`
	Doc   string `json:"doc,omitempty"`
	Value *Value `json:"value"`
	// Default is nil if there is none, and for sections.
	Default any `json:"default"`
}

// DefaultText returns the default as it would stand in a file, or nothing.
func (k KeySummary) DefaultText() string { return defaultText(k.Default) }

// UnknownKeyError says that a path or the name of a variable is no key.
type UnknownKeyError struct {
	Name, problem, hint string
}

// Error names the path.
func (e UnknownKeyError) Error() string { return e.Name + ": " + e.problem }

// Hint says what may have been meant.
func (e UnknownKeyError) Hint() string { return e.hint }

// Explain tells about the key at a path as messages write it, or with the name
// of an APP__… variable. An empty path is the whole configuration. An error is
// of type UnknownKeyError.
func (l Loaded) Explain(path string) (Explanation, error) {
	at, fault := l.spot(path)
	if fault != nil {
		return Explanation{}, UnknownKeyError{path, fault.problem, fault.hint}
	}
	f := at.field
	f.typ = at.typ
	e := Explanation{
		Path: at.path().String(), Doc: f.doc, Type: typeOfField(field{typ: at.typ}), Unit: f.unit, Range: f.limits(),
		Values: f.enum, Fold: f.fold, Secret: f.secret, Deprecated: f.deprecated, Variable: l.variableOf(at),
	}
	if components, ok := l.componentsAround(at); ok {
		e.Doc = "The " + components.Kind + " " + at.key() + "."
	}
	e.Value = l.valueAt(at)
	if e.Value == nil {
		e.Note = l.whyNot(at)
	}
	if isSection(at) {
		e.Range, e.Values, e.Unit = "", nil, ""
		e.Keys = l.summaries(at)
		return e, nil
	}
	e.Default = l.presetOf(at)
	e.Twins, e.Layers = l.layersOf(at)
	if e.Value == nil && len(l.missing(at)) > 0 {
		e.Layers = nil // nothing is in effect where there is nothing
	}
	return e, nil
}

// DefaultText returns the default as it would stand in a file, or nothing.
func (e Explanation) DefaultText() string { return defaultText(e.Default) }

func defaultText(preset any) string {
	switch preset := preset.(type) {
	case nil:
		return ""
	case *Value:
		return preset.Text()
	default:
		return onOneLine(preset)
	}
}

// isSection reports whether a spot has keys.
func isSection(s spot) bool {
	return !isText(s.typ) && (s.typ.Kind() == reflect.Struct || s.typ.Kind() == reflect.Map || s.typ.Kind() == reflect.Interface)
}

// spot finds the key that a path or a variable's name stands for.
func (l Loaded) spot(path string) (spot, *nameFault) {
	whole := l.doc.whole(l.doc.root)
	var at spot
	var fault *nameFault
	switch keys, isVariable := strings.CutPrefix(path, envPrefix); {
	case path == "":
		return whole, nil
	case isVariable:
		at, fault = variableSpot(whole, keys)
	default:
		at, fault = spotAt(whole, path)
	}
	if unknown := l.unknownType(whole, path); unknown != nil {
		return spot{}, unknown
	}
	if fault != nil {
		if element, ok := l.elementOf(whole, path); ok {
			return element, nil
		}
	}
	return at, fault
}

// elementOf returns the spot of an element that its list has by default, and
// that cannot be set by itself.
func (l Loaded) elementOf(whole spot, path string) (spot, bool) {
	in, number, _ := strings.Cut(path, "[")
	index, isNumber := parseIndex(strings.TrimSuffix(number, "]"))
	at, fault := spotAt(whole, in)
	if !isNumber || fault != nil || !at.isList() {
		return spot{}, false
	}
	element := at.itemAt(index)
	return element, l.valueAt(element) != nil
}

// unknownType returns a fault if a path leads into a component of a type that
// does not exist: a map of components takes any ID.
func (l Loaded) unknownType(whole spot, path string) *nameFault {
	for in, components := range l.doc.opts.Components {
		rest, inside := strings.CutPrefix(path, in+".")
		id, _, _ := strings.Cut(rest, ".")
		if _, fault := spotAt(whole, in); !inside || id == "" || fault != nil || components.fresh(typeOf(id)).IsValid() {
			continue
		}
		typ := typeOf(id)
		fault := &nameFault{problem: "there is no " + components.Kind + " type " + quote(typ), hint: "the types are " + list(components.Types, "and")}
		if guess := Nearest(typ, components.Types); guess != "" {
			fault.hint = "did you mean " + in + "." + guess + strings.TrimPrefix(rest, typ) + "?"
		}
		return fault
	}
	return nil
}

// componentsAround returns the kind of components that the spot is one of.
func (l Loaded) componentsAround(at spot) (Components, bool) {
	if len(at.steps) == 0 {
		return Components{}, false
	}
	c, ok := l.doc.opts.Components[pathOf(at.steps[:len(at.steps)-1]).String()]
	return c, ok
}

// variableOf returns the variable that sets the spot, if its name stands for
// nothing else.
func (l Loaded) variableOf(at spot) string {
	parts := make([]string, len(at.steps))
	for i, s := range at.steps {
		parts[i] = decimal(s.index)
		if s.key != nil {
			parts[i] = variableName(s.key.text)
		}
	}
	keys := strings.Join(parts, separator)
	back, fault := variableSpot(l.doc.whole(l.doc.root), keys)
	if fault != nil || len(parts) == 0 || back.path().String() != at.path().String() {
		return ""
	}
	return envPrefix + keys
}

// valueAt returns the effective value of a spot, or nil.
func (l Loaded) valueAt(at spot) *Value {
	s := shower{doc: l.doc, short: l.shortForm()}
	model := l.model(s.short.Short)
	p := at.path()
	if p == nil || isShort(p.String()) {
		return s.whole(model).Find(p.String())
	}
	v, left := reach(reflect.ValueOf(model), at.steps)
	n := l.doc.root.at(at.steps)
	if len(left) > 0 || !v.IsValid() || p.index < 0 && s.isUnset(v, n, p, at.field) {
		return nil
	}
	return s.value(v, n, p, at.field)
}

// presetOf returns the default as a scalar, or as text; nil if there is none.
func (l Loaded) presetOf(at spot) any {
	if isShort(at.path().String()) || !at.preset.IsValid() || at.preset.Type() != at.typ {
		return nil
	}
	if text := presetText(at.field, at.preset); text == "" {
		return nil
	}
	if at.preset.Kind() == reflect.Slice {
		return (shower{doc: l.doc}).value(at.preset, nil, at.path(), at.field)
	}
	scalar, _ := plainText(at.preset)
	return scalar
}

// whyNot says why a spot has no value.
func (l Loaded) whyNot(at spot) string {
	if path := at.path().String(); isShort(path) {
		return "not set: what it stands for is not there, or is more than it can say"
	}
	v, _ := reach(reflect.ValueOf(l.model(Short{})), at.steps)
	left := l.missing(at)
	missing := pathOf(at.steps[:max(0, len(at.steps)-len(left))]).String()
	switch {
	case v.IsValid() && v.Kind() == reflect.Pointer:
		return "not set: " + missing + " is off"
	case len(left) == 0:
		return "not set"
	default:
		return "not set: there is no " + pathOf(at.steps[:len(at.steps)-len(left)+1]).String()
	}
}

// missing returns the steps to a spot that lead nowhere.
func (l Loaded) missing(at spot) []step {
	_, left := reach(reflect.ValueOf(l.model(Short{})), at.steps)
	return left
}

// summaries lists the keys of a section with their values.
func (l Loaded) summaries(at spot) []KeySummary {
	var all []KeySummary
	_, isComponents := l.doc.opts.Components[at.path().String()]
	for _, child := range at.children() {
		summary := KeySummary{Key: child.key(), Path: child.path().String(), Doc: child.field.doc, Value: l.valueAt(child)}
		if !isSection(child) {
			summary.Default = l.presetOf(child)
		}
		if isComponents || child.field.doc == at.field.doc {
			summary.Doc = "" // elements of a map have none of their own
		}
		all = append(all, summary)
	}
	slices.SortStableFunc(all, func(a, b KeySummary) int {
		if isComponents && (a.Value == nil) != (b.Value == nil) {
			return map[bool]int{true: 1, false: -1}[a.Value == nil]
		}
		return 0
	})
	return all
}
