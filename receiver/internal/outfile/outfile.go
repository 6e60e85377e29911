// Package outfile is about the files that the receiver writes to: it opens them,
// and finds out beforehand whether they can be opened, without touching them.
package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
)

// folderError says that the folder of a file is missing.
type folderError struct {
	err    error
	folder string
	hint   string
}

func (e *folderError) Error() string { return e.err.Error() }

func (e *folderError) Unwrap() error { return e.err }

// Hint says what to do about it.
func (e *folderError) Hint() string { return e.hint }

// Explain returns err, which is about opening the file at path, with the next step
// if the folder of the file is missing. further is what can be done beside
// creating it, or empty.
func Explain(path string, err error, further string) error {
	folder := filepath.Dir(path)
	if !errors.Is(err, fs.ErrNotExist) || exists(folder) {
		return err
	}
	return &folderError{err: err, folder: folder, hint: "create the folder " + folder + further}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// IsStream reports whether an entry of output_paths is a stream of the process
// rather than a file.
func IsStream(path string) bool { return path == "stdout" || path == "stderr" }

// Append opens the file of the entry i of output_paths, and creates it if it does
// not exist.
func Append(paths []string, i int, mode fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(paths[i], os.O_WRONLY|os.O_APPEND|os.O_CREATE, mode) //nolint:gosec // a file that the configuration names
	if err != nil {
		return nil, at(paths, i, err)
	}
	return f, nil
}

// CheckAll returns why Append would not succeed for the files of output_paths.
func CheckAll(paths []string) error {
	var errs []error
	for i, path := range paths {
		if IsStream(path) {
			continue
		}
		if err := Check(path, os.O_WRONLY); err != nil {
			errs = append(errs, at(paths, i, err))
		}
	}
	return errors.Join(errs...)
}

func at(paths []string, i int, err error) error {
	key := fmt.Sprintf("output_paths[%d]", i)
	return invalid.At(key, fmt.Errorf("%s: %w", key, Explain(paths[i], err, "")))
}

// mostLinks bounds how many symbolic links lead from one to the next.
const mostLinks = 40

// Check returns why the file at path cannot be opened to append to it, for access
// os.O_WRONLY or os.O_RDWR. What exists is not changed, and what does not is not
// there afterwards either.
func Check(path string, access int) error {
	if err := named(path); err != nil {
		return err
	}
	target := path
	for range mostLinks {
		info, err := os.Lstat(target)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return checkNew(path, target)
		case err != nil:
			return err
		case info.Mode().Type() != fs.ModeSymlink:
			return checkExisting(path, info.Mode(), access)
		}
		next, err := os.Readlink(target)
		if err != nil {
			return err
		}
		if !filepath.IsAbs(next) {
			next = filepath.Join(filepath.Dir(target), next)
		}
		target = next
	}
	return &fs.PathError{Op: "open", Path: path, Err: errors.New("too many symbolic links")}
}

// named returns an error if the path can be that of a folder only.
func named(path string) error {
	switch _, name := filepath.Split(path); name {
	case "", ".", "..":
		return &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR}
	}
	return nil
}

// checkExisting opens a file and closes it again. Pipes and devices are asked for
// their permissions only: whoever reads a pipe would take that for its end.
func checkExisting(path string, mode fs.FileMode, access int) error {
	if mode&(fs.ModeNamedPipe|fs.ModeDevice|fs.ModeCharDevice) != 0 {
		return writable(path)
	}
	f, err := os.OpenFile(path, access|os.O_APPEND, 0) //nolint:gosec // a file that the configuration names
	if err != nil {
		return err
	}
	return f.Close()
}

// checkNew returns why path, which stands for target, cannot be created.
func checkNew(path, target string) error {
	info, err := os.Stat(filepath.Dir(target))
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err == nil {
		err = named(target)
	}
	if err == nil {
		err = CheckFolder(filepath.Dir(target))
	}
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: cause(err)}
	}
	return nil
}

// cause is the error without the operation and the path, which were a trial's.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
