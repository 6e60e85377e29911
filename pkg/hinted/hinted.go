// Package hinted adds the next step to an error. What prints errors looks for the method Hint, not for this type: a
// package with more to say has a type of its own.
package hinted

import (
	"slices"
	"strings"
)

// Error is an error whose next step is known.
type Error struct {
	error
	hint string
}

// New returns err with its next step: a lower-case sentence without a full stop. An empty one is none.
func New(err error, next string) error { return Error{err, next} }

// Unwrap returns the error without its hint.
func (e Error) Unwrap() error { return e.error }

// Hint says what to do next.
func (e Error) Hint() string { return e.hint }

// All collects the hints of an error and of all that it wraps, each once, the innermost first: the closer to the
// cause, the more it helps.
func All(err error) []string {
	var found []string
	var walk func(error)
	walk = func(err error) {
		switch e := err.(type) { //nolint:errorlint // the tree is walked here
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		}
		h, ok := err.(interface{ Hint() string })
		if ok && h.Hint() != "" && !slices.Contains(found, h.Hint()) {
			found = append(found, h.Hint())
		}
	}
	walk(err)
	return found
}

// Apart returns the text of an error without its hint, which exporters have in their text, and the hint that is
// closest to the cause; empty if there is none.
func Apart(err error) (text, hint string) {
	text = err.Error()
	if all := All(err); len(all) > 0 {
		hint = all[0]
		text = strings.ReplaceAll(text, "; hint: "+hint, "")
	}
	return text, hint
}
