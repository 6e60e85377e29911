package postgres

import (
	"bytes"
	"context"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/receiver/export/database/internal/migration"
	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
)

// The schema and its history. A file is one version; what was released never changes.
//
//go:embed migrations/*.sql
var files embed.FS

func migrations() ([]migration.Step, error) { return migration.Read(files, "migrations") }

// Locks that replicas take while they change tables. All are released with their transaction,
// so that they work behind a pooler of connections.
const (
	lockSchema    = "SELECT pg_advisory_xact_lock(7305792501)"
	lockRetention = "SELECT pg_try_advisory_xact_lock(7305792502)"
)

// upgrade brings the tables to this version, unless they are. Several replicas may do so at
// once. Tables that are up to date need no right to create any.
func upgrade(ctx context.Context, conn *session) error {
	all, err := migrations()
	if err != nil {
		return err
	}
	for {
		done, err := appliedSoon(ctx, conn)
		if err != nil {
			return err
		}
		if err := checkHistory(all, done); err != nil {
			return err
		}
		if len(done) == len(all) {
			return nil
		}
		if err := step(ctx, conn, all); err != nil {
			return err
		}
	}
}

// step makes the next step under the lock, if nobody else has made it.
func step(ctx context.Context, conn *session, all []migration.Step) error {
	return transaction(ctx, conn, func() error {
		if err := run(ctx, conn, lockSchema); err != nil {
			return err
		}
		done, err := applied(ctx, conn)
		if err != nil || len(done) >= len(all) {
			return err
		}
		next := all[len(done)]
		if next.Version == 1 {
			if err := run(ctx, conn, "CREATE TABLE otlp_migrations (version integer PRIMARY KEY, name text NOT NULL, sha256 bytea NOT NULL, applied timestamptz NOT NULL)"); err != nil {
				return err
			}
		}
		if err := run(ctx, conn, next.SQL); err != nil {
			return fmt.Errorf("migration %d: %w", next.Version, err)
		}
		_, err = conn.ExecParams(ctx, "INSERT INTO otlp_migrations VALUES ($1::integer, $2::text, $3::bytea, now())",
			[][]byte{[]byte(strconv.Itoa(next.Version)), []byte(next.Name), []byte(`\x` + hex.EncodeToString(next.Sum[:]))}, nil, nil, nil).Close()
		return err
	})
}

// answerLimit bounds what a server answers at once if it answers at all.
const answerLimit = 30 * time.Second

// appliedSoon is applied where the attempt as a whole may take long.
func appliedSoon(ctx context.Context, conn *session) ([]made, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	return applied(ctx, conn)
}

// made is a step that the database has made.
type made struct {
	version int
	sum     []byte
}

// applied returns the steps that the database has made, none if there are no tables.
func applied(ctx context.Context, conn *session) ([]made, error) {
	// By way of pg_class, a table is seen that was made while this transaction waited for the lock.
	found, err := query(ctx, conn, "SELECT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('otlp_migrations'))")
	if err != nil || string(found[0][0]) != "t" {
		return nil, err
	}
	rows, err := query(ctx, conn, "SELECT version, encode(sha256, 'hex') FROM otlp_migrations ORDER BY version")
	if err != nil {
		return nil, err
	}
	var all []made
	for _, r := range rows {
		version, versionErr := strconv.Atoi(string(r[0]))
		sum, sumErr := hex.DecodeString(string(r[1]))
		if err := errors.Join(versionErr, sumErr); err != nil {
			return nil, fmt.Errorf("otlp_migrations: %w", err)
		}
		all = append(all, made{version, sum})
	}
	return all, nil
}

// checkHistory compares the steps that the database has made with those that there are.
func checkHistory(all []migration.Step, done []made) error {
	for i, m := range done {
		switch {
		case i >= len(all):
			return reply.Advise(fmt.Errorf("the tables have version %d, and this otlpctl knows %d", done[len(done)-1].version, len(all)),
				"use the otlpctl that made them, or a newer one")
		case m.version != all[i].Version || !bytes.Equal(m.sum, all[i].Sum[:]):
			return reply.Advise(fmt.Errorf("the table otlp_migrations has another version %d than this otlpctl", all[i].Version),
				"if these tables are no release's, drop all of otlp_*, or use another schema")
		}
	}
	return nil
}
