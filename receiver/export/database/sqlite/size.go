package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// size is how large a database is, in bytes.
type size struct {
	used, free int64 // pages of the file; what is free is written to before the file grows
	log        int64
}

func (s size) file() int64 { return s.used + s.free }

func (c *connection) size() (size, error) {
	pages, err := c.number("PRAGMA page_count")
	if err != nil {
		return size{}, err
	}
	free, err := c.number("PRAGMA freelist_count")
	if err != nil {
		return size{}, err
	}
	log, err := c.logSize()
	return size{used: (pages - free) * c.page, free: free * c.page, log: log}, err
}

// logSize returns the size of the write-ahead log.
func (c *connection) logSize() (int64, error) {
	info, err := os.Stat(c.log)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// The log is let grow while somebody reads; above that, batches wait.
const (
	minLogBound     = 32 << 20
	defaultLogBound = 1 << 30 // if nothing bounds the database
)

// The size that the log has at most, but for one batch, while nobody reads for long.
const (
	minLogBytes = 32 * pageSize
	maxLogBytes = 8 << 20
)

func (c *Config) logBytes() int64 {
	if c.MaxBytes == 0 {
		return maxLogBytes
	}
	return min(max(c.MaxBytes/8, minLogBytes), maxLogBytes)
}

// most is the size below which the file stays, so that there is room for the log.
func (c *Config) most() int64 { return c.MaxBytes - min(2*c.logBytes(), c.MaxBytes/4) }

// errRead says that the log cannot begin anew.
var errRead = errors.New("is being read for long, and its log must not grow further")

// logBound is the size that the log may reach before what writes to it waits.
func (c *Config) logBound() int64 {
	if c.MaxBytes == 0 {
		return defaultLogBound
	}
	return max(c.MaxBytes/4, minLogBound)
}

// readerPatience is how long a log that has grown waits for readers to end, each time something is to be written.
const readerPatience = 50 * time.Millisecond

// emptyLog brings the log into the file and cuts it to nothing. It reports false if somebody still reads what is in it.
func (c *connection) emptyLog(patience time.Duration) (bool, error) {
	c.SetBusyTimeout(patience)
	defer c.SetBusyTimeout(busyTimeout)
	busy, err := c.number("PRAGMA wal_checkpoint(TRUNCATE)")
	return busy == 0, err
}

// bound sees to it that there is room in the log.
func (e *Exporter) bound() error {
	log, err := e.conn.logSize()
	if err != nil || log <= 2*e.conf.logBytes() {
		return err
	}
	emptied, err := e.conn.emptyLog(readerPatience)
	if err == nil && !emptied && log > e.conf.logBound() {
		err = &Error{Path: e.conf.Path, Err: errRead, next: "end the program that reads from it, such as sqlite3 within a transaction"}
	}
	return err
}
