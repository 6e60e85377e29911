package config

import (
	"fmt"
	"reflect"
)

// File is the content of one configuration file.
type File struct {
	Name string // as messages show it
	Data []byte
}

// Options control decoding. The zero value decodes plain structs.
type Options struct {
	// Components describes, by the path of a map such as "exporters", how its
	// entries are decoded. A path that is no field of the target is a section
	// that exists elsewhere but not here: whatever it lists is unsupported.
	Components map[string]Components
	// LookupEnv finds the variables of ${env:NAME}; nil means os.LookupEnv.
	LookupEnv func(name string) (value string, ok bool)
}

// Origins tell where the values of a configuration were set.
type Origins struct {
	root   *node
	layers []layer
}

// Position returns where the value at a path such as
// "service.pipelines.traces.exporters[1]" was set. If no file sets it, set is
// false and the position is that of the nearest value around it that is set.
func (o Origins) Position(path string) (pos Position, set bool) {
	if o.root == nil {
		return Position{}, false
	}
	n, exact := o.root.find(path)
	return n.pointed().position(), exact
}

// Set reports whether any layer sets the value at a path.
func (o Origins) Set(path string) bool {
	_, set := o.Position(path)
	return set
}

// Decode reads files, of which later ones override earlier ones, over the struct
// that target points to. An error is of type Errors and holds every fault, unless
// the type of target itself cannot be decoded. What target holds after an error
// is undefined.
func Decode(target any, files []File, opts Options) (Origins, Warnings, error) {
	doc := open(opts)
	doc.files(files)
	return doc.decode(target)
}

// decoder fills a value from a tree.
type decoder struct {
	*document
	// levels are the structs that we are inside of, outermost first.
	levels []level
	// unsupported collects components over the whole file: one fault lists them.
	unsupported []unsupported
	misuse      error // a type or tag that cannot be decoded: a programmer's fault
}

type level struct {
	at   *path
	keys fields
}

// setDefaulter fills a value that decoding creates.
type setDefaulter interface{ SetDefaults() }

// value decodes n, which is at p, into v.
func (d *decoder) value(n *node, v reflect.Value, p *path, r rules) {
	if r.secret {
		hide(n)
	}
	if n.kind == invalid {
		return
	}
	if d.written != nil && n.kind == scalar && refers(n.text) {
		d.open(p, n.text)
		return
	}
	if _, ok := asText(v); ok && v.Kind() != reflect.Pointer && n.kind == scalar {
		d.text(n, v, p, r)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		d.pointer(n, v, p, r)
	case reflect.Struct:
		d.structure(n, v, p)
	case reflect.Map:
		d.mapping(n, v, p, r)
	case reflect.Slice:
		d.slice(n, v, p, r)
	case reflect.Interface:
		d.free(n, v, p)
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.scalar(n, v, p, r)
	default:
		d.misused("config: %s has the type %s, which cannot be decoded", p, v.Type())
	}
}

func (d *decoder) misused(format string, args ...any) {
	if d.misuse == nil {
		d.misuse = fmt.Errorf(format, args...)
	}
}

// hide keeps the scalars of a value out of every message.
func hide(n *node) {
	switch n.kind {
	case mapping:
		for _, e := range n.entries {
			hide(e.value)
		}
	case sequence:
		for _, item := range n.items {
			hide(item)
		}
	default:
		n.src.hidden[n.mark] = true
	}
}

// describe names a value in a message.
func describe(n *node, r rules) string {
	switch {
	case n.kind == mapping:
		return "a mapping"
	case n.kind == sequence:
		return "a list"
	case n.kind == null:
		return "nothing"
	case r.secret, n.src.hidden[n.mark]:
		return "the value"
	}
	const longest = 60
	text := []rune(n.raw)
	if len(text) > longest {
		text = append(text[:longest], '…')
	}
	return fmt.Sprintf("%q", withoutUserinfo(string(text)))
}

func (d *decoder) scalar(n *node, v reflect.Value, p *path, r rules) {
	switch n.kind {
	case null:
		return
	case scalar:
	default:
		d.lost(n, p, describe(n, r)+" where "+wanted(v.Type())+" belongs", "")
		return
	}
	fresh := reflect.New(v.Type()).Elem()
	hint := ""
	problem, isSize := setSize(fresh, n.text, r.unit)
	if !isSize {
		problem, hint = setScalar(fresh, n)
	}
	if problem == "" {
		r.foldCase(fresh)
		// Set even if it breaks a rule: to Validate, it is not missing.
		v.Set(fresh)
		problem, hint = r.breach(fresh)
	}
	if n.sealed {
		hint = "" // it may say what to write instead, and so what is there
	}
	if problem != "" {
		d.fault(n, p, describe(n, r)+" "+problem, hint)
	}
}

// text decodes with the type's own UnmarshalText.
func (d *decoder) text(n *node, v reflect.Value, p *path, r rules) {
	u, _ := asText(v)
	err := u.UnmarshalText([]byte(n.text))
	if err == nil {
		return
	}
	if len(r.enum) > 0 {
		problem, hint := r.notListed(n.text)
		if problem != "" {
			d.fault(n, p, describe(n, r)+" "+problem, hint)
			return
		}
	}
	if r.secret || n.fromEnvironment() {
		d.fault(n, p, describe(n, r)+" is not valid here", "")
		return
	}
	d.fault(n, p, withoutUserinfo(err.Error()), "")
}

// wanted names what a type takes.
func wanted(t reflect.Type) string {
	switch {
	case t == durationType():
		return "a duration"
	case isText(t), t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case isFloat(t.Kind()):
		return "a number"
	case t.Kind() == reflect.Pointer:
		return wanted(t.Elem())
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Struct, t.Kind() == reflect.Map:
		return "a mapping"
	}
	return "a whole number"
}
