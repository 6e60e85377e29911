package sqlite

import (
	"errors"
	"os"
	"runtime"

	"zombiezen.com/go/sqlite"
)

// end closes the file. One that this exporter has made and nobody has put anything into goes with its lock: a start that
// fails afterwards leaves nothing behind.
func (e *Exporter) end() error {
	if e.conn == nil {
		return nil
	}
	conn := e.conn
	e.conn = nil
	if !e.made || !conn.stands() || e.held == nil || !e.held.stands(e.conf.Path) {
		return conn.Close()
	}
	err := conn.Close()
	if removeUnused(e.conf.Path) {
		err = errors.Join(err, e.held.remove())
		e.held = nil
	}
	return err
}

// removeUnused removes a file that this process has made and closed, with what SQLite has put beside it, and reports
// whether it did: not if somebody else has it open, or if there is anything in it but tables of ours without items. The
// caller has the lock. Windows removes no file that is open.
func removeUnused(path string) bool {
	if runtime.GOOS == "windows" || isLink(path) {
		return false
	}
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }() // nothing was written
	if !takeAlone(c) || !unused(c) || os.Remove(path) != nil {
		return false
	}
	_ = os.Remove(path + walSuffix) // nobody asks for what they hold any more
	_ = os.Remove(path + shmSuffix)
	return true
}

// takeAlone locks a file against everybody, or reports that somebody has it open. No room on the disk is needed for that:
// with exclusive locks the index of the log is in memory, and so is the journal of a file that has no log yet.
func takeAlone(c *sqlite.Conn) bool {
	c.SetBusyTimeout(0)
	if execute(c, "PRAGMA locking_mode = EXCLUSIVE") != nil {
		return false
	}
	if pages, err := once(c, "PRAGMA page_count"); err != nil || pages == 0 && execute(c, "PRAGMA journal_mode = MEMORY") != nil {
		return false
	}
	return execute(c, "BEGIN EXCLUSIVE") == nil
}

// unused reports whether there are no tables but those of ours, as far as they were made, and no items in them.
func unused(c *sqlite.Conn) bool {
	others, err := once(c, "SELECT count(*) FROM sqlite_schema WHERE tbl_name NOT GLOB 'otlp_*'")
	if err != nil || others > 0 {
		return false
	}
	for _, table := range []string{"otlp_spans", "otlp_points", "otlp_logs"} {
		items, err := once(c, "SELECT count(*) FROM sqlite_schema WHERE name = '"+table+"'")
		if err == nil && items > 0 {
			items, err = once(c, "SELECT EXISTS (SELECT 1 FROM "+table+")")
		}
		if err != nil || items > 0 {
			return false
		}
	}
	return true
}
