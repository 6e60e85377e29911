package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/otlpctl/otlpctl/receiver/internal/outfile"
)

// Telemetry is its owner's only.
const (
	fileMode   = 0o600
	folderMode = 0o700
)

// errName says that SQLite gives a path a meaning of its own.
var errName = errors.New("is not the path of a file: telemetry in memory would be lost, and seen by nobody")

// named returns an error if a path cannot be that of a database.
func named(path string) error {
	switch {
	case path == "":
		return errors.New("needs the path of a file")
	case strings.HasPrefix(path, ":") || strings.HasPrefix(path, "file:"):
		return &Error{Path: path, Err: errName, next: "name a file: sqlite:PATH; ~ is not expanded"}
	}
	return nil
}

// create sees to it that there is a file at path, which may be empty, and a folder for it.
func create(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode) //nolint:gosec // a file that the configuration names
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("is no regular file")}
	}
	return errors.Join(err, f.Close())
}

// Check returns why New could not open the database, as far as that can be told without changing anything. Who
// holds it, and whether the file is sound, is seen when it is opened.
func (c *Config) Check() error {
	if err := named(c.Path); err != nil {
		return err
	}
	return explain(c.Path, c.check())
}

func (c *Config) check() error {
	if _, err := os.Stat(filepath.Dir(c.Path)); errors.Is(err, fs.ErrNotExist) {
		return outfile.CheckBoth(c.Path, folderMode)
	}
	if info, err := os.Stat(c.Path); err == nil && info.IsDir() {
		return &fs.PathError{Op: "open", Path: c.Path, Err: syscall.EISDIR}
	}
	if err := outfile.Check(c.Path, os.O_RDWR); err != nil {
		return err
	}
	return outfile.CheckFolder(filepath.Dir(c.Path)) // where the log comes to be
}
