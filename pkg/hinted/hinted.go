// Package hinted adds the next step to an error. What prints errors looks for the method Hint, not for this type: a
// package with more to say has a type of its own.
package hinted

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
