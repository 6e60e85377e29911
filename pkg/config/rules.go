package config

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// breach returns what is wrong with a value by its rules, or nothing. The value
// itself is not part of the answer: it may be secret.
func (r rules) breach(v reflect.Value) (problem, hint string) {
	if len(r.enum) > 0 && v.Kind() == reflect.String {
		return r.notListed(v.String())
	}
	t := v.Type()
	low, high := r.min, r.max
	if t == durationType() && low == "" {
		low = "0s"
	}
	if low != "" && compareBound(v, low) < 0 || high != "" && compareBound(v, high) > 0 {
		return "is out of range: " + r.span(low, high), ""
	}
	return "", ""
}

// foldCase turns a listed text in another case into the listed one.
func (r rules) foldCase(v reflect.Value) {
	if !r.fold || v.Kind() != reflect.String {
		return
	}
	for _, listed := range r.enum {
		if strings.EqualFold(listed, v.String()) {
			v.SetString(listed)
			return
		}
	}
}

func (r rules) notListed(text string) (problem, hint string) {
	if slices.Contains(r.enum, text) {
		return "", ""
	}
	if guess := Nearest(text, r.enum); guess != "" {
		hint = "did you mean " + guess + "?"
	}
	return "must be " + list(r.listed(), "or"), hint
}

// span says which values are allowed.
func (r rules) span(low, high string) string {
	var b strings.Builder
	switch {
	case low != "" && high != "":
		b.WriteString(low + " to " + high)
	case low != "":
		b.WriteString("at least " + low)
	default:
		b.WriteString("at most " + high)
	}
	if r.unit != "" {
		b.WriteString(" " + r.unit)
	}
	return b.String()
}

// compareBound compares a value with the text of a bound, which was parsed for
// its type before.
func compareBound(v reflect.Value, text string) int {
	b, err := parseBound(v.Type(), text)
	if err != nil {
		return 0
	}
	switch {
	case isSigned(v.Kind()):
		return compare(v.Int(), b.signed)
	case isUnsigned(v.Kind()):
		return compare(v.Uint(), b.unsigned)
	default:
		return compare(v.Float(), b.float)
	}
}

func compare[T int64 | uint64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// durationHint shows how to write a number as a duration.
func durationHint(number string) string {
	if d, err := time.ParseDuration(number + "s"); err == nil && d >= 0 {
		return "write " + number + "s for seconds, " + number + "ms for milliseconds"
	}
	return "durations look like 500ms, 5s or 1m30s"
}
