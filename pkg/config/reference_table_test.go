package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// row is one key in a table, its cells in Markdown.
type row struct {
	key    string // relative to the component or section
	typ    string
	preset string // the default
	about  string
}

// shared is a section that several components have.
type shared struct {
	title, link string
	key         string // what the section is called where it is used
	value       any    // pointer to its defaults
}

// describer makes rows of values that hold the defaults.
type describer struct {
	t      *testing.T
	shared []shared
}

func (d *describer) fields(t reflect.Type) fields {
	d.t.Helper()
	keys, err := fieldsOf(t)
	if err != nil {
		d.t.Fatal(err)
	}
	return keys
}

// section describes the keys of a struct and of the sections in it.
func (d *describer) section(prefix string, v reflect.Value) []row {
	var rows []row
	for _, f := range d.fields(v.Type()) {
		if f.doc == "" {
			d.t.Errorf("%s of %s has no doc tag", f.key, v.Type())
		}
		rows = append(rows, d.key(prefix+f.key, f, v.FieldByIndex(f.index))...)
	}
	return rows
}

// key describes one key and, if it is a section, those below it.
func (d *describer) key(path string, f field, v reflect.Value) []row {
	r := row{key: path, typ: typeOfField(f), about: about(f)}
	inner, below := structIn(v)
	if !inner.IsValid() {
		r.preset = preset(f, v)
		return []row{r}
	}
	off := v.Kind() == reflect.Pointer && v.IsNil()
	if off {
		r.preset = "off"
	}
	for _, s := range d.shared {
		base := reflect.ValueOf(s.value).Elem()
		if base.Type() != inner.Type() {
			continue
		}
		r.about += " See [" + strings.ReplaceAll(s.title, "`", "") + "](" + s.link + ")."
		if !off {
			r.preset = d.deviation(base, inner)
		}
		return []row{r}
	}
	return append([]row{r}, d.section(path+below, inner)...)
}

// structIn returns the struct that a value is, points to or has for elements, with
// its defaults, and how the path goes on. The struct is invalid if there is none.
func structIn(v reflect.Value) (inner reflect.Value, below string) {
	t := v.Type()
	switch {
	case isText(t), t == durationType():
		return reflect.Value{}, ""
	case t.Kind() == reflect.Struct:
		return v, "."
	case t.Kind() == reflect.Pointer && !v.IsNil():
		return structIn(v.Elem())
	case t.Kind() == reflect.Pointer:
		below = "."
	case t.Kind() == reflect.Slice:
		below = "[]."
	case t.Kind() == reflect.Map:
		below = ".<id>."
	default:
		return reflect.Value{}, ""
	}
	if t.Elem().Kind() != reflect.Struct || isText(t.Elem()) {
		return reflect.Value{}, ""
	}
	inner = reflect.New(t.Elem()).Elem()
	setDefaults(inner)
	return inner, below
}

// deviation lists the defaults that v has and base has not.
func (d *describer) deviation(base, v reflect.Value) string {
	var list []string
	usual := d.section("", base)
	for i, r := range d.section("", v) {
		if r.preset != usual[i].preset {
			list = append(list, fmt.Sprintf("`%s: %s`", r.key, strings.Trim(r.preset, "`")))
		}
	}
	return strings.Join(list, ", ")
}

// preset writes a default as code.
func preset(f field, v reflect.Value) string {
	text := presetText(f, v)
	if text == "" {
		return ""
	}
	text = "`" + text + "`"
	if v.CanInt() && f.unit == "bytes" {
		text += inBinary(v.Int())
	}
	return text
}

// about says everything that the tags of a key do.
func about(f field) string {
	text := prose(f.doc)
	if len(f.enum) > 0 {
		values := f.listed()
		for i := range values {
			values[i] = "`" + values[i] + "`"
		}
		text += " Values: " + list(values, "or")
		if f.fold {
			text += ", in upper or lower case"
		}
		text += "."
	}
	if limits := f.limits(); limits != "" {
		text += " Range: " + limits + "." // the unit stands with the type
	}
	if f.secret {
		text += " Secret: never shown."
	}
	if f.deprecated != "" {
		text += " Deprecated: " + f.deprecated + "."
	}
	return text
}

// prose sets what is no word of the language as code: keys, paths, addresses.
func prose(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		bare := strings.TrimRight(strings.TrimLeft(word, "("), ".,;:)")
		if bare == "*" || strings.HasPrefix(bare, "/") || strings.Contains(bare, "_") || strings.Contains(bare, "://") {
			words[i] = strings.Replace(word, bare, "`"+bare+"`", 1)
		}
	}
	return strings.Join(words, " ")
}
