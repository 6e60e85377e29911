package sqlite

import (
	"errors"
	"io/fs"
	"os"
)

// errOrphan is for a log whose file is gone. SQLite would delete it to begin a new one.
var errOrphan = errors.New("is not there, but its log is")

// errReadAway says that what was written last cannot be brought into a file.
var errReadAway = errors.New("was moved away or deleted, and somebody still reads it: what is in its log cannot follow")

// beginAnew gives up a file that is no longer at its path. All of its log is in it then.
func (e *Exporter) beginAnew() error {
	emptied, err := e.conn.emptyLog(readerPatience)
	if err == nil && !emptied {
		return &Error{Path: e.conf.Path, Err: errReadAway, next: "end the program that reads from it, and the next file is begun"}
	}
	e.log.Warn("database was moved away or deleted: beginning a new one", "path", e.conf.Path)
	e.disconnect()
	return nil
}

// Close closes the file. SQLite does not bring the log into a file that is no longer at its path, and leaves it there,
// for whatever comes in its place.
func (c *connection) Close() error {
	if c.stands() {
		return c.Conn.Close()
	}
	emptied, err := c.emptyLog(readerPatience)
	if err == nil && !emptied {
		err = errReadAway
	}
	err = errors.Join(err, c.Conn.Close())
	if _, gone := os.Stat(c.path); err == nil && errors.Is(gone, fs.ErrNotExist) {
		_ = os.Remove(c.log) // nothing is in it, and those who read the old file are not to read the next one's
		_ = os.Remove(c.index)
	}
	return err
}

// orphaned reports whether there is something in the log of a file that is not there.
func orphaned(path string) bool {
	info, err := os.Stat(path + walSuffix)
	return err == nil && info.Size() > 0
}
