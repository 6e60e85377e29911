package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
)

// end closes the file. One that this exporter has made and nobody has put anything into goes with its lock: a start that
// fails afterwards leaves nothing behind.
func (e *Exporter) end() error {
	if e.conn == nil {
		return nil
	}
	conn := e.conn
	e.conn = nil
	if !e.unused(conn) || os.Remove(e.conf.Path) != nil {
		return conn.Close()
	}
	err := errors.Join(conn.Conn.Close(), e.held.remove())
	e.held = nil
	return err
}

// unused reports whether the file may go. Until it is closed, nobody else can read or write it then. Windows removes no
// file that is open.
func (e *Exporter) unused(conn *connection) bool {
	if !e.made || runtime.GOOS == "windows" || e.held == nil || !conn.untouched() {
		return false
	}
	return conn.takeAlone() == nil && conn.untouched() && conn.stands() && e.held.stands(e.conf.Path) && !isLink(e.conf.Path)
}

// takeAlone locks the file against everybody, or fails if somebody has it open. Its log is gone then.
func (c *connection) takeAlone() error {
	c.SetBusyTimeout(0)
	if err := c.run("PRAGMA journal_mode = DELETE"); err != nil {
		return err
	}
	return c.run("BEGIN EXCLUSIVE")
}

// untouched reports whether there are the tables that were made, and nothing else, and nothing in them.
func (c *connection) untouched() bool {
	schema, err := c.number("PRAGMA schema_version")
	if err != nil || schema != c.schema {
		return false
	}
	empty, err := once(c.Conn, "SELECT NOT EXISTS (SELECT 1 FROM otlp_spans) AND NOT EXISTS (SELECT 1 FROM otlp_points) AND NOT EXISTS (SELECT 1 FROM otlp_logs)")
	return err == nil && empty == 1
}

func absent(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}
