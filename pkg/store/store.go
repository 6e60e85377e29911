// Package store reads what the database exporter has written. Query texts are the same for PostgreSQL and SQLite, but for
// the few conditions of a dialect. It never writes, and it refuses to know how a result looks.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database"
)

// Store is a database with telemetry. It is for one goroutine at a time.
type Store struct {
	// Poll is how long Follow… waits before it asks again. Zero is a second.
	Poll time.Duration

	db connection
}

// Open opens the database that a URL names: postgres://… with the parameters of libpq, or sqlite:PATH. Its errors never
// hold the URL.
func Open(ctx context.Context, url string) (*Store, error) {
	var c database.Config
	assign(&c.URL, url)
	if err := c.Validate(); err != nil {
		return nil, &URLError{problemOf(err)}
	}
	db, err := open(ctx, &c, url)
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

func open(ctx context.Context, c *database.Config, url string) (connection, error) {
	if path := c.Location(); path != "" {
		return openSQLite(path)
	}
	return openPostgres(ctx, url)
}

// URLError says that a text is no URL of a database.
type URLError struct {
	// Problem is what is wrong with it, as a sentence without its subject.
	Problem string
}

func (e *URLError) Error() string { return "the URL of the database " + e.Problem }

// Hint says how one is written.
func (*URLError) Hint() string {
	return "write postgres://USER:PASSWORD@HOST:PORT/NAME, or sqlite:PATH"
}

// problemOf returns what an error of the exporter says, without the key of its configuration and the hint that are in its text.
func problemOf(err error) string {
	if e, ok := errors.AsType[interface {
		error
		Problem() string
	}](err); ok {
		return e.Problem()
	}
	return err.Error()
}

// assign sets a text whose type is not named here.
func assign[T ~string](to *T, text string) { *to = T(text) }

// Close ends the connection.
func (s *Store) Close() error { return s.db.close() }

// ErrNothing is the error of a database that no telemetry has been written to.
var ErrNothing = errors.New("no telemetry is kept here yet")

// Range is a span of time. A zero time is no bound.
type Range struct {
	Since, Until time.Time // Until is not in it
}

// Attribute is a key and its value as text: numbers and booleans in JSON's notation.
type Attribute struct{ Key, Value string }
