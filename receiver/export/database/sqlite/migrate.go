package sqlite

import (
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/otlpctl/otlpctl/receiver/export/database/internal/migration"
)

// The versions of the schema: NNNN_name.sql, in the order of their numbers. What was released is never changed.
//
//go:embed migrations/*.sql
var migrations embed.FS

// steps returns all migrations in order.
func steps() ([]migration.Step, error) { return migration.Read(migrations, "migrations") }

// versions is a table like that of PostgreSQL's: which migrations there have been.
const versions = `CREATE TABLE IF NOT EXISTS otlp_migrations (
	version INTEGER PRIMARY KEY,
	name    TEXT    NOT NULL,
	applied INTEGER NOT NULL -- nanoseconds since the Unix epoch
) STRICT`

// What makes a database none to write to.
var (
	errForeign = errors.New("is a database of another program")
	errNewer   = errors.New("it was written by a newer one")
)

// versionOf returns the version of a database's schema, or zero if it is empty. One of another program, or of a
// later version of this one, is an error.
func versionOf(c *sqlite.Conn, latest int64) (int64, error) {
	tables, err := once(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil || tables == 0 {
		return 0, err
	}
	ours, err := once(c, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'otlp_migrations'")
	if err != nil {
		return 0, err
	}
	if ours == 0 {
		return 0, errForeign
	}
	version, err := once(c, "SELECT max(version) FROM otlp_migrations")
	if err == nil && version > latest {
		err = fmt.Errorf("has version %d of the schema, and this otlpctl knows %d: %w", version, latest, errNewer)
	}
	return version, err
}

// migrate brings the schema from a version up to date, a transaction for each step.
func migrate(c *sqlite.Conn, from int64, all []migration.Step) error {
	if err := execute(c, versions); err != nil {
		return err
	}
	for _, m := range all[from:] {
		if err := apply(c, m); err != nil {
			return fmt.Errorf("migration %04d_%s: %w", m.Version, m.Name, err)
		}
	}
	return nil
}

// once returns the first column of a statement that is executed once.
func once(c *sqlite.Conn, query string) (int64, error) {
	s, _, err := c.PrepareTransient(query)
	if err != nil {
		return 0, err
	}
	n, err := first(s)
	return n, errors.Join(err, s.Finalize())
}

// apply takes one step, as a whole or not at all.
func apply(c *sqlite.Conn, m migration.Step) error {
	script := "BEGIN IMMEDIATE;\n" + m.SQL + fmt.Sprintf(
		"\nINSERT INTO otlp_migrations VALUES (%d, '%s', %d);\nCOMMIT", m.Version, m.Name, time.Now().UnixNano())
	for script = strings.TrimSpace(script); script != ""; {
		s, rest, err := c.PrepareTransient(script)
		if err == nil {
			_, err = first(s)
			err = errors.Join(err, s.Finalize())
		}
		if err != nil {
			if !c.AutocommitEnabled() {
				err = errors.Join(err, execute(c, "ROLLBACK"))
			}
			return err
		}
		script = strings.TrimSpace(script[len(script)-rest:])
	}
	return nil
}
