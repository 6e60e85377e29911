package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// sqliteFolder makes databases that are files, each in a folder of its own.
type sqliteFolder struct {
	dir  string
	made int
}

func (*sqliteFolder) kind() string { return sqliteKind }

func (*sqliteFolder) title(context.Context) (string, error) {
	conn, err := sqlite.OpenConn(":memory:")
	if err != nil {
		return "", err
	}
	version, err := sqlitex.ResultText(conn.Prep("SELECT sqlite_version()"))
	return "SQLite " + version, errors.Join(err, conn.Close())
}

func (s *sqliteFolder) create(context.Context) (database, error) {
	s.made++
	dir := filepath.Join(s.dir, "sqlite-"+strconv.Itoa(s.made))
	return sqliteFile{dir}, os.Mkdir(dir, 0o700)
}

func (*sqliteFolder) close(context.Context) error { return nil }

type sqliteFile struct{ dir string }

func (d sqliteFile) path() string { return filepath.Join(d.dir, "telemetry.db") }

func (d sqliteFile) url() string { return "sqlite:" + d.path() }

// settings keep the file within a size: a long run must not fill the disk.
func (sqliteFile) settings() string { return "    retention: {max_size_mib: 2048}\n" }

func (d sqliteFile) rows(_ context.Context, sig signal.Signal) (int64, error) {
	conn, err := sqlite.OpenConn(d.path(), sqlite.OpenReadOnly)
	if err != nil {
		return 0, err
	}
	n, err := sqlitex.ResultInt64(conn.Prep("SELECT count(*) FROM " + table(sig)))
	return n, errors.Join(err, conn.Close())
}

// bytes returns the size of the file and of those beside it.
func (d sqliteFile) bytes(context.Context) (total int64, err error) {
	err = filepath.WalkDir(d.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	return total, err
}

func (sqliteFile) tend(context.Context) error { return nil }

// clear leaves the table alone: the exporter keeps it small.
func (sqliteFile) clear(context.Context, signal.Signal) (int64, error) { return 0, nil }

func (d sqliteFile) drop(context.Context) error { return os.RemoveAll(d.dir) }
