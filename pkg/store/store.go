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
	if err := checkURL(&c); err != nil {
		return nil, err
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
