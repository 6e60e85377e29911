package sqlite

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/internal/outfile"
)

// Telemetry is its owner's only.
const (
	fileMode   = 0o600
	folderMode = 0o700
)

// What makes a path, or what is there, none for a database.
var (
	errMemory = errors.New("is not the path of a file: telemetry in memory would be lost, and seen by nobody")
	errTilde  = errors.New("~ is not expanded here")
	errNoDB   = errors.New("is not a database of SQLite")
)

// named returns an error if a path cannot be that of a database.
func named(path string) error {
	switch {
	case path == "":
		return errors.New("needs the path of a file")
	case strings.HasPrefix(path, ":") || strings.HasPrefix(path, "file:"):
		return &Error{Path: path, Err: errMemory, next: "name a file: sqlite:PATH"}
	case path == "~" || strings.HasPrefix(path, "~/"):
		return &Error{Path: path, Err: errTilde, next: "write the whole path of the home directory, or ./" + path + " if it is so called"}
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
	return errors.Join(recognize(f), f.Close())
}

// magic is how the file of a database begins.
const magic = "SQLite format 3\x00"

// recognize returns an error for a file that is neither empty nor a database.
func recognize(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("is no regular file")
	}
	begin := make([]byte, len(magic))
	n, err := f.ReadAt(begin, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if n > 0 && string(begin[:n]) != magic {
		return errNoDB
	}
	return nil
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
	if err := outfile.Check(c.Path, os.O_RDWR); err != nil {
		return err
	}
	f, err := os.Open(c.Path)
	if err == nil {
		err = errors.Join(recognize(f), f.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return outfile.CheckFolder(filepath.Dir(c.Path)) // where the log comes to be
}
