package row

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// newReader reads JSON from a column.
func newReader(column JSON) *json.Decoder {
	r := json.NewDecoder(bytes.NewReader(column))
	r.UseNumber()
	return r
}

// appendAttributes appends the attributes of an item to a field of it.
func appendAttributes(dst []byte, number protowire.Number, attributes JSON) ([]byte, error) {
	if len(attributes) == 0 {
		return dst, nil
	}
	r := newReader(attributes)
	token, err := r.Token()
	if err == nil && token != json.Delim('{') {
		err = fmt.Errorf("%v is not an object", token)
	}
	if err == nil {
		dst, err = appendPairs(dst, number, r)
	}
	if err != nil {
		return nil, fmt.Errorf("attributes: %w", err)
	}
	return dst, nil
}

// appendPairs appends the members of an object that has been opened to a field.
func appendPairs(dst []byte, number protowire.Number, r *json.Decoder) ([]byte, error) {
	for r.More() {
		key, err := r.Token()
		if err != nil {
			return nil, err
		}
		var pair, value int
		dst, pair = open(dst, number)
		dst = appendString(dst, pairKey, key.(string))
		dst, value = open(dst, pairValue)
		if dst, err = appendAny(dst, r); err != nil {
			return nil, err
		}
		dst = closed(closed(dst, value), pair)
	}
	_, err := r.Token()
	return dst, err
}

func appendString(dst []byte, number protowire.Number, v string) []byte {
	return protowire.AppendString(protowire.AppendTag(dst, number, protowire.BytesType), v)
}

// appendAny appends the fields of the AnyValue that comes next.
func appendAny(dst []byte, r *json.Decoder) ([]byte, error) {
	token, err := r.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case string:
		return appendString(dst, anyString, v), nil
	case bool:
		dst = protowire.AppendTag(dst, anyBool, protowire.VarintType)
		return protowire.AppendVarint(dst, protowire.EncodeBool(v)), nil
	case json.Number:
		return appendNumber(dst, v)
	case json.Delim:
		return appendList(dst, v, r)
	default: // null
		return dst, nil
	}
}

// appendList appends the object or array that begins with a delimiter.
func appendList(dst []byte, begin json.Delim, r *json.Decoder) ([]byte, error) {
	if begin == '{' {
		dst, start := open(dst, anyObject)
		dst, err := appendPairs(dst, listValues, r)
		if err != nil {
			return nil, err
		}
		return closed(dst, start), nil
	}
	dst, start := open(dst, anyArray)
	for r.More() {
		var element int
		var err error
		dst, element = open(dst, listValues)
		if dst, err = appendAny(dst, r); err != nil {
			return nil, err
		}
		dst = closed(dst, element)
	}
	_, err := r.Token()
	return closed(dst, start), err
}

// appendNumber appends the member of an AnyValue that a number is.
func appendNumber(dst []byte, n json.Number) ([]byte, error) {
	if isInteger(n) {
		v, err := n.Int64()
		return protowire.AppendVarint(protowire.AppendTag(dst, anyInt, protowire.VarintType), uint64(v)), err
	}
	v, err := strconv.ParseFloat(string(n), 64)
	return appendPresent64(dst, anyDouble, math.Float64bits(v)), err
}

// isInteger reports whether a number was an integer when it was written.
func isInteger(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }
