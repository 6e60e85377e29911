package config

import (
	"math"
	"reflect"
	"strconv"
	"strings"
)

// unitBytes are the units of keys that hold a size, in bytes.
func unitBytes(unit string) (bytes int64, ok bool) {
	switch unit {
	case "bytes":
		return 1, true
	case "MiB":
		return 1 << 20, true
	}
	return 0, false
}

// setSize reads a size with a unit of its own, such as 64MiB, for a key that
// counts in unit. ok is false if the text is no such size.
func setSize(v reflect.Value, text, unit string) (problem string, ok bool) {
	per, counts := unitBytes(unit)
	digits := strings.TrimRight(text, "BKMGikbmg ")
	suffix := strings.TrimSpace(text[len(digits):])
	n, err := strconv.ParseInt(digits, 10, 64)
	if !counts || err != nil || suffix == "" || n < 0 {
		return "", false
	}
	scale, known := map[string]int64{
		"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
	}[suffix]
	switch {
	case !known:
		return "is a size in an unknown unit: B, KB, MB, GB, KiB, MiB and GiB are known", true
	case n > math.MaxInt64/scale:
		return "is out of range", true
	case n*scale%per != 0:
		return "is no multiple of 1 " + unit, true
	}
	size := n * scale / per
	if isSigned(v.Kind()) && !v.OverflowInt(size) {
		v.SetInt(size)
		return "", true
	}
	if isUnsigned(v.Kind()) && !v.OverflowUint(uint64(size)) {
		v.SetUint(uint64(size))
		return "", true
	}
	return "is out of range: " + intRange(v.Type()), true
}
