package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// asText returns the value's own way to read text, if it has one.
func asText(v reflect.Value) (encoding.TextUnmarshaler, bool) {
	if !v.CanAddr() {
		return nil, false
	}
	return reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// setScalar reads a scalar as the type of v. The problem continues a sentence
// that begins with the value.
func setScalar(v reflect.Value, n *node) (problem, hint string) {
	t := v.Type()
	switch {
	case t == durationType():
		return setDuration(v, n)
	case t.Kind() == reflect.String:
		v.SetString(n.text)
		return "", ""
	case t.Kind() == reflect.Bool:
		return setBool(v, n)
	case isSigned(t.Kind()), isUnsigned(t.Kind()):
		return setInt(v, n)
	case isFloat(t.Kind()):
		return setFloat(v, n)
	}
	return "cannot be set", ""
}

// literal reports whether the file has quotes around what must not have any. A
// variable's value has no quotes of its own, so those around it do not count.
func literal(n *node) bool { return n.quoted && !n.fromEnvironment() }

func setBool(v reflect.Value, n *node) (problem, hint string) {
	const problemText = "is not true or false"
	var value bool
	switch n.text {
	case "true", "True", "TRUE":
		value = true
	case "false", "False", "FALSE":
	default:
		switch strings.ToLower(n.text) {
		case "yes", "on", "y", "1":
			return problemText, "write true"
		case "no", "off", "n", "0":
			return problemText, "write false"
		}
		return problemText, ""
	}
	if literal(n) {
		return "is text because of its quotes, not true or false", "remove the quotes"
	}
	v.SetBool(value)
	return "", ""
}

func setInt(v reflect.Value, n *node) (problem, hint string) {
	const problemText = "is not a whole number"
	digits := strings.TrimLeft(n.text, "+-")
	if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0123456789_") == "" {
		trimmed := strings.TrimLeft(digits, "0_")
		if trimmed == "" {
			trimmed = "0"
		}
		return "has a leading zero, which YAML readers take for octal or not", "write " + trimmed
	}
	var err error
	if isSigned(v.Kind()) {
		var i int64
		if i, err = strconv.ParseInt(n.text, 0, v.Type().Bits()); err == nil && !literal(n) {
			v.SetInt(i)
		}
	} else {
		var u uint64
		if u, err = strconv.ParseUint(strings.TrimPrefix(n.text, "+"), 0, v.Type().Bits()); err == nil && !literal(n) {
			v.SetUint(u)
		}
	}
	switch {
	case err == nil && literal(n):
		return "is text because of its quotes, not a whole number", "remove the quotes"
	case err == nil:
		return "", ""
	case errors.Is(err, strconv.ErrRange), isWhole(n.text):
		return "is out of range: " + intRange(v.Type()), ""
	}
	if f, floatErr := strconv.ParseFloat(n.text, 64); floatErr == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return problemText, "write " + strconv.FormatFloat(f, 'f', -1, 64)
	}
	return problemText, ""
}

// intRange says what an integer type can hold.
func intRange(t reflect.Type) string {
	if isSigned(t.Kind()) {
		highest := int64(math.MaxInt64) >> (64 - t.Bits())
		return fmt.Sprintf("%d to %d", -highest-1, highest)
	}
	return fmt.Sprintf("0 to %d", uint64(math.MaxUint64)>>(64-t.Bits()))
}

func isWhole(text string) bool {
	_, err := strconv.ParseInt(text, 0, 64)
	return err == nil
}

func setFloat(v reflect.Value, n *node) (problem, hint string) {
	f, err := strconv.ParseFloat(n.text, v.Type().Bits())
	switch {
	case errors.Is(err, strconv.ErrRange):
		return "is too large", ""
	case err != nil || math.IsNaN(f) || math.IsInf(f, 0):
		return "is not a number", ""
	case literal(n):
		return "is text because of its quotes, not a number", "remove the quotes"
	}
	v.SetFloat(f)
	return "", ""
}

func setDuration(v reflect.Value, n *node) (problem, hint string) {
	d, err := time.ParseDuration(n.text)
	if err == nil {
		v.SetInt(int64(d))
		return "", ""
	}
	if _, err := strconv.ParseFloat(n.text, 64); err == nil {
		return "is a duration without a unit", durationHint(n.text)
	}
	if days, ok := strings.CutSuffix(n.text, "d"); ok {
		if count, err := strconv.ParseUint(days, 10, 16); err == nil {
			return "is not a duration", fmt.Sprintf("the longest unit is the hour: write %dh", count*24)
		}
	}
	return "is not a duration", "durations look like 500ms, 5s or 1m30s"
}
