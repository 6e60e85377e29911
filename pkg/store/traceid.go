package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// TraceID is the ID of a trace.
type TraceID [16]byte

// String returns the ID in hexadecimal.
func (id TraceID) String() string { return hex.EncodeToString(id[:]) }

// bounds returns the first and the last ID that begin with a text: hexadecimal digits in either case, with or without
// dashes.
func bounds(prefix string) (first, last TraceID, err error) {
	digits := strings.ToLower(strings.ReplaceAll(prefix, "-", ""))
	if digits == "" {
		return first, last, errors.New("it is empty: a trace ID has 32 hexadecimal digits")
	}
	if len(digits) > 2*len(first) {
		return first, last, fmt.Errorf("%q has %d hexadecimal digits: a trace ID has 32", prefix, len(digits))
	}
	for _, end := range []struct {
		id   *TraceID
		fill string
	}{{&first, "0"}, {&last, "f"}} {
		if _, err := hex.Decode(end.id[:], []byte(digits+strings.Repeat(end.fill, 2*len(first)-len(digits)))); err != nil {
			return first, last, fmt.Errorf("%q: a trace ID has hexadecimal digits only", prefix)
		}
	}
	return first, last, nil
}
