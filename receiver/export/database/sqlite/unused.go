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
	unused := e.unused()
	err := e.conn.Close()
	e.conn = nil
	if err != nil || !unused || exists(e.conf.Path+walSuffix) { // the log stays if others have the file open
		return err
	}
	err = errors.Join(os.Remove(e.conf.Path), e.held.remove())
	e.held = nil
	return err
}

// unused reports whether the file may go. Windows removes no lock that is held.
func (e *Exporter) unused() bool {
	if !e.made || runtime.GOOS == "windows" || e.held == nil || !e.held.stands() || !e.conn.stands() {
		return false
	}
	empty, err := once(e.conn.Conn, "SELECT NOT EXISTS (SELECT 1 FROM otlp_spans) AND NOT EXISTS (SELECT 1 FROM otlp_points) AND NOT EXISTS (SELECT 1 FROM otlp_logs)")
	return err == nil && empty == 1
}

func absent(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
