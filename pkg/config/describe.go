package config

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// typeOfField says what a key takes, in the words of error messages, and in
// which unit.
func typeOfField(f field) string {
	element := f.typ
	if element.Kind() == reflect.Pointer {
		element = element.Elem()
	}
	name := strings.TrimPrefix(wanted(element), "a ")
	switch {
	case element.Kind() == reflect.Struct && !isText(element):
		return "section"
	case f.unit != "":
		return name + " (" + f.unit + ")"
	}
	return name
}

// presetText writes a default as it would stand in a file. It is empty if
// nothing is set, or if the value only stands for that.
func presetText(f field, v reflect.Value) string {
	problem, _ := f.breach(v)
	switch {
	case problem != "":
		return ""
	case v.Type() == durationType():
		return shortDuration(v)
	case v.Kind() == reflect.Slice:
		if v.Len() == 0 {
			return ""
		}
		var items []string
		for i := range v.Len() {
			items = append(items, scalarText(v.Index(i)))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case v.IsZero() && (v.Kind() == reflect.String || v.Kind() == reflect.Map):
		return ""
	}
	return scalarText(v)
}

func scalarText(v reflect.Value) string {
	if v.Kind() == reflect.String && v.Len() == 0 {
		return `""`
	}
	return fmt.Sprint(v.Interface())
}

// shortDuration leaves out zeros at the end: 2m, not 2m0s.
func shortDuration(v reflect.Value) string {
	text := time.Duration(v.Int()).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// inBinary adds a round number of bytes in larger units.
func inBinary(n int64) string {
	switch {
	case n == 0 || n%(1<<10) != 0:
		return ""
	case n%(1<<20) == 0:
		return fmt.Sprintf(" (%d MiB)", n>>20)
	default:
		return fmt.Sprintf(" (%d KiB)", n>>10)
	}
}

// limits says between which values a number or duration must be, without its
// unit. It is empty if that goes without saying.
func (r rules) limits() string {
	if low := r.min; (low == "" || low == "0" || low == "0s") && r.max == "" {
		return ""
	}
	bare := rules{}
	return bare.span(r.min, r.max)
}

// listed returns the texts that are allowed, an empty one in quotes.
func (r rules) listed() []string {
	var shown []string
	for _, text := range r.enum {
		if text == "" {
			text = `""`
		}
		shown = append(shown, text)
	}
	return shown
}
