package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// readerTimeout is how long a reader waits for the file while it is brought back to order after a crash.
const readerTimeout = 5 * time.Second

// OpenReader opens the database at path to read from it, as many may while another process writes. What it reads
// in one statement or transaction is of one moment; a transaction should not last, since the log grows meanwhile.
// The connection is the caller's, and for one goroutine at a time.
func OpenReader(path string) (*sqlite.Conn, error) {
	if err := named(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, empty(path)
	case err == nil:
		err = regular(path, info)
	}
	if err != nil {
		return nil, explain(path, err)
	}
	c, err := openReader(path, "")
	if sealed(err) && !exists(target(path)+walSuffix) {
		c, err = openReader(path, "?immutable=1") // nobody writes to it
	}
	if err != nil {
		return nil, explain(path, err)
	}
	return c, nil
}

// sealed reports whether nothing can be created beside a database, as it is to read from one that is written to.
func sealed(err error) bool {
	code := sqlite.ErrCode(err).ToPrimary()
	return code == sqlite.ResultCantOpen || code == sqlite.ResultReadOnly
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// empty says that there is nothing to read.
func empty(path string) error {
	return &Error{Path: path, Err: errEmpty, next: "is that the path? Or else start otlpctl serve with it in database.url, and send something"}
}

// errEmpty says that nothing was written yet.
var errEmpty = fmt.Errorf("no telemetry here yet: %w", fs.ErrNotExist)

// openFile opens a database to read from it, with parameters of SQLite's.
func openFile(path, query string) (*sqlite.Conn, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // a drive
		slashed = "/" + slashed
	}
	name := (&url.URL{Scheme: "file", OmitHost: true, Path: slashed}).String()
	return sqlite.OpenConn(name+query, sqlite.OpenReadOnly|sqlite.OpenURI)
}

func openReader(path, query string) (*sqlite.Conn, error) {
	c, err := openFile(path, query)
	if err != nil {
		return nil, err
	}
	c.SetBusyTimeout(readerTimeout)
	if err := known(c, path); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	for _, pragma := range []string{"PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF", "PRAGMA cache_size = -8192", "PRAGMA temp_store = MEMORY"} {
		if err := execute(c, pragma); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// known returns an error unless the database has the version of the schema that this program reads.
func known(c *sqlite.Conn, path string) error {
	all, err := steps()
	if err != nil {
		return err
	}
	latest := int64(len(all))
	version, err := versionOf(c, latest)
	switch {
	case err != nil:
		return err
	case version == 0:
		return empty(path)
	case version < latest:
		return &Error{
			Path: path, Err: fmt.Errorf("has version %d of the schema, and this otlpctl reads %d", version, latest),
			next: "start otlpctl serve of this version, which brings it up to date",
		}
	}
	return nil
}
