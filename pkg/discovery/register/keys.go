package register

import (
	"errors"
	"strings"
)

// Fault is what keeps a registration from working. It is about a key, and says what to do if that is known.
type Fault struct {
	path, problem, hint string
}

func (f Fault) Error() string { return f.path + ": " + f.problem }

// ConfigPath returns the path of the key, relative to the section discovery.
func (f Fault) ConfigPath() string { return f.path }

// Problem returns what is wrong.
func (f Fault) Problem() string { return f.problem }

// Hint returns what to do; empty if that is not known.
func (f Fault) Hint() string { return f.hint }

// Faults are all faults of a section.
type Faults []Fault

// Unwrap returns them one by one.
func (f Faults) Unwrap() []error {
	all := make([]error, len(f))
	for i, one := range f {
		all[i] = one
	}
	return all
}

func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, one := range f {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "\n")
}

// problem is an error about a key, relative to the struct that was validated.
type problem struct{ key, text, hint string }

func (p problem) Error() string      { return p.key + ": " + p.text }
func (p problem) ConfigPath() string { return p.key }
func (p problem) Problem() string    { return p.text }
func (p problem) ConfigHint() string { return p.hint }

// underKey says that an error is about a key, or about one below it.
func underKey(key string, err error) error {
	inner, ok := errors.AsType[interface {
		error
		ConfigPath() string
	}](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return problem{key, err.Error(), ""}
	}
	p := problem{key, inner.Error(), ""}
	if below := inner.ConfigPath(); below != "" {
		p.key += "." + below
	}
	if told, ok := inner.(interface{ Problem() string }); ok {
		p.text = told.Problem()
	}
	if told, ok := inner.(interface{ ConfigHint() string }); ok {
		p.hint = told.ConfigHint()
	}
	return p
}

// faultOf is underKey for those who are told.
func faultOf(key string, err error) Fault {
	p, _ := errors.AsType[problem](underKey(key, err))
	return Fault{p.key, p.text, p.hint}
}
