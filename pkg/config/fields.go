package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// field is a key of a struct, as its tags describe it.
type field struct {
	key        string
	index      []int // for reflect.Value.FieldByIndex
	typ        reflect.Type
	doc        string
	deprecated string
	rules
}

// rules are the tags that hold for a value, or for each element of a list or map.
type rules struct {
	min, max, unit string
	enum           []string
	fold           bool // enum in upper or lower case
	secret         bool
}

// fields are the keys of one struct, in the order of its declaration.
type fields []field

func (fs fields) byKey(key string) (field, bool) {
	for _, f := range fs {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

func (fs fields) keys() []string {
	keys := make([]string, len(fs))
	for i, f := range fs {
		keys[i] = f.key
	}
	return keys
}

// fieldsOf reads the tags of a struct. The error is for the programmer.
func fieldsOf(t reflect.Type) (fields, error) {
	var all fields
	for sf := range t.Fields() {
		tag, tagged := sf.Tag.Lookup("yaml")
		name, options, _ := strings.Cut(tag, ",")
		if !tagged || name == "-" {
			continue
		}
		if options == "inline" {
			inner, err := fieldsOf(sf.Type)
			if err != nil {
				return nil, err
			}
			for _, f := range inner {
				f.index = append([]int{sf.Index[0]}, f.index...)
				all = append(all, f)
			}
			continue
		}
		f, err := parseField(sf, name)
		if err != nil {
			return nil, fmt.Errorf("config: field %s of %s: %w", sf.Name, t, err)
		}
		all = append(all, f)
	}
	seen := map[string]bool{}
	for _, f := range all {
		if seen[f.key] {
			return nil, fmt.Errorf("config: %s has two fields for the key %q", t, f.key)
		}
		seen[f.key] = true
	}
	return all, nil
}

func parseField(sf reflect.StructField, key string) (field, error) {
	f := field{
		key:        key,
		index:      sf.Index,
		typ:        sf.Type,
		doc:        sf.Tag.Get("doc"),
		deprecated: sf.Tag.Get("deprecated"),
		rules: rules{
			min:  sf.Tag.Get("min"),
			max:  sf.Tag.Get("max"),
			unit: sf.Tag.Get("unit"),
		},
	}
	if key == "" || !sf.IsExported() {
		return f, fmt.Errorf("a yaml tag needs a key and an exported field")
	}
	if enum := sf.Tag.Get("enum"); enum != "" {
		f.enum = strings.Split(enum, "|")
	}
	for name, flag := range map[string]*bool{"secret": &f.secret, "fold": &f.fold} {
		switch sf.Tag.Get(name) {
		case "":
		case "true":
			*flag = true
		default:
			return f, fmt.Errorf(`%s must be "true"`, name)
		}
	}
	element := elementOf(sf.Type)
	for _, bound := range []string{f.min, f.max} {
		if bound == "" {
			continue
		}
		if _, err := parseBound(element, bound); err != nil {
			return f, fmt.Errorf("bound %q: %w", bound, err)
		}
	}
	if f.enum != nil && element.Kind() != reflect.String && !isText(element) {
		return f, fmt.Errorf("enum is for text")
	}
	return f, nil
}

// elementOf returns the type that rules apply to.
func elementOf(t reflect.Type) reflect.Type {
	for {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			t = t.Elem()
		default:
			return t
		}
	}
}

// bound is the value of a min or max tag, in the kind of the field.
type bound struct {
	signed   int64
	unsigned uint64
	float    float64
}

func parseBound(t reflect.Type, text string) (b bound, err error) {
	switch {
	case t == durationType():
		var d time.Duration
		d, err = time.ParseDuration(text)
		b.signed = int64(d)
	case isSigned(t.Kind()):
		b.signed, err = strconv.ParseInt(text, 10, 64)
	case isUnsigned(t.Kind()):
		b.unsigned, err = strconv.ParseUint(text, 10, 64)
	case isFloat(t.Kind()):
		b.float, err = strconv.ParseFloat(text, 64)
	default:
		err = fmt.Errorf("a %s has no minimum or maximum", t)
	}
	return b, err
}

// number returns the bound as a value of the kind that t is.
func (b bound) number(t reflect.Type) any {
	switch {
	case isSigned(t.Kind()):
		return b.signed
	case isUnsigned(t.Kind()):
		return b.unsigned
	default:
		return b.float
	}
}

func durationType() reflect.Type   { return reflect.TypeFor[time.Duration]() }
func isSigned(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Int64 }
func isUnsigned(k reflect.Kind) bool {
	return k >= reflect.Uint && k <= reflect.Uint64
}
func isFloat(k reflect.Kind) bool { return k == reflect.Float32 || k == reflect.Float64 }
