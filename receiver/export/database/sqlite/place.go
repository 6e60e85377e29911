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

// What makes a path none for a database.
var (
	errMemory = errors.New("is not the path of a file: telemetry in memory would be lost, and seen by nobody")
	errTilde  = errors.New("~ is not expanded here")
	errKind   = errors.New("is no regular file")
	errLink   = errors.New("is a link to a file that cannot be found")

	errParameters = errors.New("has parameters, of which there are none for a file")
)

// CheckPath returns why New and OpenReader cannot use a path, whatever is there.
func CheckPath(path string) error { return named(path) }

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
	if file, parameters, ok := strings.Cut(path, "?"); ok && strings.Contains(parameters, "=") {
		return &Error{Path: path, Err: errParameters, next: "write sqlite:" + file}
	}
	return nil
}

// target returns where the file is that a path leads to: SQLite has the log of a database there, and not beside a link.
func target(path string) string {
	if !isLink(path) {
		return path
	}
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	return file
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// create sees to it that there is a file at path, which may be empty, and a folder for it, and reports whether it has
// made the file. What is there is not opened: POSIX takes all locks on a file from a process that closes it anywhere, SQLite's as well. So only SQLite
// opens databases here, and its connections know of each other.
func create(path string) (made bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return false, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && isLink(path):
		return false, errLink
	case errors.Is(err, fs.ErrNotExist) && orphaned(path):
		return false, errOrphan
	case errors.Is(err, fs.ErrNotExist):
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode) //nolint:gosec // a file that the configuration names
		if errors.Is(err, fs.ErrExist) {
			return false, nil // another process came first
		}
		if err != nil {
			return false, err
		}
		return true, f.Close()
	case err == nil:
		return false, regular(path, info)
	default:
		return false, err
	}
}

func regular(path string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return errKind
	default:
		return nil
	}
}

// Check returns why New could not open the database, as far as that can be told without changing anything. Who
// holds it, and whether all of it is sound, is seen when it is opened.
func (c *Config) Check() error {
	if err := named(c.Path); err != nil {
		return err
	}
	return explain(c.Path, c.check())
}

func (c *Config) check() error {
	folder := filepath.Dir(c.Path)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return outfile.CheckBoth(c.Path, folderMode)
	}
	info, err := os.Stat(c.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && isLink(c.Path):
		return errLink
	case errors.Is(err, fs.ErrNotExist) && orphaned(c.Path):
		return errOrphan
	case errors.Is(err, fs.ErrNotExist):
		return outfile.Check(c.Path, os.O_RDWR)
	case err != nil:
		return err
	}
	err = regular(c.Path, info)
	if err == nil {
		err = writable(c.Path)
	}
	if err == nil {
		err = outfile.CheckFolder(filepath.Dir(target(c.Path))) // where the log comes to be
	}
	if err != nil {
		return err
	}
	return recognize(c.Path)
}

// recognize returns an error for a file that is neither empty nor a database. It takes no locks.
func recognize(path string) error {
	c, err := openFile(path, "?immutable=1")
	if err != nil {
		return err
	}
	_, err = once(c, "PRAGMA schema_version")
	return errors.Join(err, c.Close())
}
