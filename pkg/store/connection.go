package store

import (
	"context"

	"github.com/otlpctl/otlpctl/receiver/export/database/row"
)

// connection is a database that answers queries.
type connection interface {
	dialect
	// query calls row for each row of the answer. What row is given is valid during the call. Arguments are
	// string, int64, []byte and instant.
	query(ctx context.Context, text string, args []any, row func(columns) error) error
	close() error
}

// instant is an argument for the columns time and received: nanoseconds since the Unix epoch, of which PostgreSQL
// keeps microseconds.
//
// Its bits are those of a uint64: what PostgreSQL has after the year 2262 is negative.
type instant int64

// dialect is what PostgreSQL and SQLite say differently. Its conditions are about columns that are given as they
// stand in a query.
type dialect interface {
	// holds returns the condition that a JSON object has an attribute.
	holds(q *query, column string, a Attribute) string
	// matches returns the condition that a text is like a glob.
	matches(q *query, column string, g glob) string
	// contains returns the condition that a text has another in it.
	contains(q *query, column, part string) string

	// keys returns the condition that a row is one of these items, by its columns time and key.
	keys(q *query, items []row.PrimaryKey) string

	// using returns a table, as it stands after FROM, of which an index is to be used.
	using(table, index string) string

	// mark returns a place in the order of arrival, the present end of a table: see arrived.
	mark(ctx context.Context, table string) (int64, error)
	// arrived returns a table, as it stands after FROM, and the condition that its rows have arrived after a
	// mark. Some that arrived shortly before it may be among them. Those with a time before since are not.
	arrived(q *query, table string, mark int64, since instant) (from, condition string)
}

// columns is a row of an answer.
type columns interface {
	null(i int) bool
	// integer returns a whole number, a boolean, or a time in nanoseconds since the Unix epoch.
	integer(i int) int64
	number(i int) float64
	// bytes returns a copy of a text, JSON, ID or bytes; nil if it is null.
	bytes(i int) []byte
}
