package store

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// TraceID is the ID of a trace.
type TraceID [16]byte

// String returns the ID in hexadecimal.
func (id TraceID) String() string { return hex.EncodeToString(id[:]) }

// IDError says that no ID of a trace begins with a text.
type IDError struct{ text, problem string }

func (e *IDError) Error() string { return e.text + ": a trace ID has " + e.problem }

// bounds returns the first and the last ID that begin with a text: hexadecimal digits in either case, with or without
// dashes.
func bounds(prefix string) (first, last TraceID, err error) {
	digits := strings.ToLower(strings.ReplaceAll(prefix, "-", ""))
	if digits == "" {
		return first, last, &IDError{`""`, "32 hexadecimal digits"}
	}
	if len(digits) > 2*len(first) {
		return first, last, &IDError{prefix, "32 hexadecimal digits, and not " + strconv.Itoa(len(digits))}
	}
	for _, end := range []struct {
		id   *TraceID
		fill string
	}{{&first, "0"}, {&last, "f"}} {
		if _, err := hex.Decode(end.id[:], []byte(digits+strings.Repeat(end.fill, 2*len(first)-len(digits)))); err != nil {
			return first, last, &IDError{strconv.Quote(prefix), "hexadecimal digits only"}
		}
	}
	return first, last, nil
}
