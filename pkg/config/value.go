package config

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// ValueKind is what a Value is.
type ValueKind int

// The kinds of values.
const (
	ScalarValue ValueKind = iota
	SectionValue
	ListValue
)

// Value is one value of a configuration, ready to be shown: secrets are masked,
// and what is left would be read from a file as the same value again.
type Value struct {
	// Path is the place in the configuration; Key is its last part, and empty for
	// an element of a list.
	Path, Key string
	Kind      ValueKind
	// Scalar is a string, bool, int64, uint64 or float64.
	Scalar any
	// Items are the keys of a section, or the elements of a list.
	Items  []*Value
	Origin Origin
	// Secret says that the scalar stands for one that is not shown.
	Secret bool

	actual string // the scalar, unmasked: for comparing
}

// MarshalJSON keeps the order of keys.
func (v *Value) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	err := v.writeJSON(&b)
	return b.Bytes(), err
}

func (v *Value) writeJSON(b *bytes.Buffer) error {
	if v.Kind == ScalarValue {
		return writeJSON(b, v.Scalar)
	}
	brackets := "{}"
	if v.Kind == ListValue {
		brackets = "[]"
	}
	b.WriteByte(brackets[0])
	for i, item := range v.Items {
		if i > 0 {
			b.WriteByte(',')
		}
		if v.Kind == SectionValue {
			if err := writeJSON(b, item.Key); err != nil {
				return err
			}
			b.WriteByte(':')
		}
		if err := item.writeJSON(b); err != nil {
			return err
		}
	}
	b.WriteByte(brackets[1])
	return nil
}

// writeJSON writes a scalar, without the escapes that are for HTML.
func writeJSON(b *bytes.Buffer, scalar any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(scalar); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line break
	return nil
}

// Text returns the value on one line.
func (v *Value) Text() string {
	switch v.Kind {
	case ScalarValue:
		return onOneLine(v.Scalar)
	case SectionValue:
		if len(v.Items) == 0 {
			return "{}"
		}
		return "{…}"
	}
	texts := make([]string, len(v.Items))
	for i, item := range v.Items {
		texts[i] = item.Text()
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func onOneLine(scalar any) string {
	switch s := scalar.(type) {
	case string:
		if s == "" {
			return `""`
		}
		return printable(s)
	case float64:
		return strconv.FormatFloat(s, 'g', -1, 64)
	default:
		text, _ := json.Marshal(s) // of a number or a boolean
		return string(text)
	}
}

// Leaves returns the scalars of a value, and what is empty, in order.
func (v *Value) Leaves() []*Value {
	if v.Kind == ScalarValue || len(v.Items) == 0 {
		return []*Value{v}
	}
	var all []*Value
	for _, item := range v.Items {
		all = append(all, item.Leaves()...)
	}
	return all
}

// Find returns the value at a path inside, or nil.
func (v *Value) Find(path string) *Value {
	if v == nil || v.Path == path {
		return v
	}
	for _, item := range v.Items {
		if found := item.Find(path); found != nil {
			return found
		}
	}
	return nil
}

// plainText returns a scalar as a Scalar, and as the text that it is.
func plainText(v reflect.Value) (scalar any, text string) {
	switch {
	case v.Type() == durationType():
		text = shortDuration(v)
		return text, text
	case v.Kind() == reflect.Bool:
		return v.Bool(), strconv.FormatBool(v.Bool())
	case isSigned(v.Kind()):
		return v.Int(), strconv.FormatInt(v.Int(), 10)
	case isUnsigned(v.Kind()):
		return v.Uint(), strconv.FormatUint(v.Uint(), 10)
	case isFloat(v.Kind()):
		return v.Float(), strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	case v.Kind() == reflect.String:
		return v.String(), v.String()
	default:
		text = scalarText(v)
		return text, text
	}
}
