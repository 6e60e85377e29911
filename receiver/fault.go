package receiver

import (
	"errors"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// Fault is what keeps a part of a configuration from working, though the
// configuration by itself is valid: a file that is missing, a port in use.
type Fault struct {
	// Path is that of the key that it is about.
	Path string
	// Problem says what is wrong, and Hint what to do about it, if that is known.
	Problem, Hint string

	err error
}

// newFault takes an error apart which is about the key at path, or one below it.
func newFault(path string, err error) *Fault {
	f := &Fault{Path: path, Problem: strings.ReplaceAll(err.Error(), "\n", "; "), err: err}
	if placed, ok := errors.AsType[interface {
		error
		ConfigPath() string
	}](err); ok {
		f.Path = invalid.Join(path, placed.ConfigPath())
	}
	f.Problem = withoutKeys(f.Problem, f.Path)
	advised, ok := errors.AsType[interface {
		error
		Hint() string
	}](err)
	if !ok {
		return f
	}
	f.Hint = advised.Hint()
	if apart, ok := advised.(interface{ Problem() string }); ok { // its text would have the hint too
		f.Problem = apart.Problem()
	}
	return f
}

func (f *Fault) Error() string { return f.err.Error() }

// Unwrap returns the error that was taken apart.
func (f *Fault) Unwrap() error { return f.err }

// Faults returns all faults that err consists of, or none if it has a part that is
// no Fault.
func Faults(err error) []*Fault {
	switch err := err.(type) { //nolint:errorlint // what is behind a fault is its cause
	case *Fault:
		return []*Fault{err}
	case interface{ Unwrap() []error }:
		var all []*Fault
		for _, part := range err.Unwrap() {
			faults := Faults(part)
			if faults == nil {
				return nil
			}
			all = append(all, faults...)
		}
		return all
	}
	return nil
}

// withoutKeys takes the keys from the front of a problem that stand in its path.
func withoutKeys(problem, path string) string {
	for {
		key, rest, ok := strings.Cut(problem, ": ")
		if !ok || !strings.Contains("."+path+".", "."+key+".") {
			return problem
		}
		problem = rest
	}
}
