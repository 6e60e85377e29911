package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"zombiezen.com/go/sqlite"
)

// What SQLite appends to the path of a database for its write-ahead log, and for the index of that.
const (
	walSuffix = "-wal"
	shmSuffix = "-shm"
)

// busyTimeout is how long a statement waits for another process that has locked the file: sqlite3, or a backup.
// Those of otlpctl only read, and hold nothing up.
const busyTimeout = 5 * time.Second

// pageSize is that of a new file. By measurement: of 4, 8 and 16 KiB it is the best for batches of a thousand items,
// and near it for those of a hundred and of many thousands. More cache than setup has, or a mapped file, is no gain.
const pageSize = 8192

// setup is what a connection that writes is told. The first two have an effect on a new file only. The log is
// brought into the file whenever a commit finds that many bytes in it, and is cut to as many when it begins anew.
func setup(logBytes int64) []string {
	return []string{
		fmt.Sprintf("PRAGMA page_size = %d", pageSize),
		"PRAGMA auto_vacuum = INCREMENTAL",
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = NORMAL",
		fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", logBytes/pageSize),
		fmt.Sprintf("PRAGMA journal_size_limit = %d", logBytes),
		"PRAGMA cache_size = -4096", // KiB
		"PRAGMA temp_store = MEMORY",
		"PRAGMA foreign_keys = OFF",
		"PRAGMA trusted_schema = OFF",
	}
}

// connection is the one that writes.
type connection struct {
	*sqlite.Conn

	path  string
	log   string      // path of its log
	index string      // path of the index of that
	info  fs.FileInfo // of the file that is open
	page  int64       // bytes
}

// connect opens the database at path, which may be empty, and brings its schema up to date.
func connect(path string, logBytes int64) (*connection, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, path: path, log: target(path) + walSuffix, index: target(path) + shmSuffix}
	if err := c.prepare(logBytes); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return c, nil
}

func (c *connection) prepare(logBytes int64) error {
	c.SetBusyTimeout(busyTimeout)
	all, err := steps()
	if err != nil {
		return err
	}
	version, err := versionOf(c.Conn, int64(len(all)))
	if err != nil {
		return err
	}
	for _, pragma := range setup(logBytes) {
		if err := execute(c.Conn, pragma); err != nil {
			return err
		}
	}
	if err := migrate(c.Conn, version, all); err != nil {
		return err
	}
	if c.page, err = once(c.Conn, "PRAGMA page_size"); err != nil {
		return err
	}
	c.info, err = os.Stat(c.path)
	return err
}

// stands reports whether the open file is still the one at its path.
func (c *connection) stands() bool {
	info, err := os.Stat(c.path)
	return err == nil && os.SameFile(info, c.info)
}

// within runs f in a transaction, of which nothing stays if it fails.
func (c *connection) within(f func() error) error {
	if err := c.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		if err = c.run("COMMIT"); err == nil {
			return nil
		}
	}
	if c.AutocommitEnabled() { // SQLite has rolled back already
		return err
	}
	c.SetInterrupt(nil) // what is undone is undone to the end
	return errors.Join(err, c.run("ROLLBACK"))
}

// run executes a statement that is kept for the next time.
func (c *connection) run(query string) error {
	_, err := c.number(query)
	return err
}

// number returns the first column of the first row, or zero, of a statement that is kept for the next time.
func (c *connection) number(query string, args ...int64) (int64, error) {
	s, err := c.Prepare(query)
	if err != nil {
		return 0, err
	}
	for i, arg := range args {
		s.BindInt64(i+1, arg)
	}
	return first(s)
}

// first steps through a statement and returns the first column of its first row, or zero.
func first(s *sqlite.Stmt) (int64, error) {
	var n int64
	for i := 0; ; i++ {
		more, err := s.Step()
		if err != nil {
			return 0, err
		}
		if !more {
			return n, s.Reset()
		}
		if i == 0 {
			n = s.ColumnInt64(0)
		}
	}
}

// execute executes a statement once.
func execute(c *sqlite.Conn, query string) error {
	s, _, err := c.PrepareTransient(query)
	if err != nil {
		return err
	}
	_, err = first(s)
	return errors.Join(err, s.Finalize())
}
