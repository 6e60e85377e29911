package main

import (
	"context"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// The kinds of databases.
const (
	postgresKind = "postgres"
	sqliteKind   = "sqlite"
)

// engine makes databases of a kind.
type engine interface {
	kind() string
	// title is its name and version, and what is set.
	title(ctx context.Context) (string, error)
	// create makes an empty database.
	create(ctx context.Context) (database, error)
	close(ctx context.Context) error // which may have ended
}

// database is one that a receiver writes to.
type database interface {
	url() string
	// settings are of the exporter, when it writes for long: lines of YAML at its level.
	settings() string
	// rows returns how many rows there are of a signal's items.
	rows(ctx context.Context, sig signal.Signal) (int64, error)
	// bytes returns how large the database is.
	bytes(ctx context.Context) (int64, error)
	// tend does what a database does by itself in time.
	tend(ctx context.Context) error
	// clear empties a table if that must be done from outside for a long run, and returns how many rows it had.
	clear(ctx context.Context, sig signal.Signal) (int64, error)
	drop(ctx context.Context) error
}

// table is where the items of a signal are.
func table(sig signal.Signal) string {
	return [...]string{signal.Traces: "otlp_spans", signal.Metrics: "otlp_points", signal.Logs: "otlp_logs"}[sig]
}
