package store

import (
	"cmp"
	"errors"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/receiver/export/database"
)

// URLError says that a text is no URL of a database: whatever is there, it cannot be opened.
type URLError struct {
	// Problem is what is wrong with it. It repeats nothing secret.
	Problem string

	next string
}

func (e *URLError) Error() string { return "the URL of the database: " + e.Problem }

// Hint says how it is written.
func (e *URLError) Hint() string {
	return cmp.Or(e.next, "write postgres://USER:PASSWORD@HOST:PORT/NAME, or sqlite:PATH")
}

// checkURL returns a *URLError for what is no URL of a database.
func checkURL(c *database.Config) error {
	err := c.CheckURL()
	if err == nil {
		return nil
	}
	problem, hint := hinted.Apart(err)
	if bad, ok := errors.AsType[interface { // without the key of a configuration, or the path
		error
		Problem() string
	}](err); ok {
		problem = bad.Problem()
	}
	return &URLError{problem, hint}
}
