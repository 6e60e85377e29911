package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// trial is how names begin that exist for a moment only. They are hidden, and
// have no extension by which somebody could pick them up.
const trial = ".otlpctl-trial-"

// CheckFolder returns why no file can be created in a folder. Nothing but a trial
// tells: permissions, read-only file systems, quotas and security modules all
// have a say.
func CheckFolder(folder string) error {
	f, err := os.CreateTemp(folder, trial+"*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// CheckBoth returns why the file at path cannot be created together with its
// folder, which does not exist and gets the permissions.
func CheckBoth(path string, mode fs.FileMode) error {
	if err := named(path); err != nil {
		return err
	}
	above := filepath.Dir(path)
	for {
		info, err := os.Stat(above)
		switch {
		case err == nil && !info.IsDir():
			return &fs.PathError{Op: "mkdir", Path: above, Err: syscall.ENOTDIR}
		case err == nil:
			return checkBelow(path, above, mode)
		case !errors.Is(err, fs.ErrNotExist) || filepath.Dir(above) == above:
			return err
		}
		above = filepath.Dir(above)
	}
}

// checkBelow creates a folder with the permissions, under another name, in the
// nearest one that exists, and the file in that.
func checkBelow(path, above string, mode fs.FileMode) (err error) {
	outer, err := os.MkdirTemp(above, trial+"*")
	if err != nil {
		return &fs.PathError{Op: "mkdir", Path: filepath.Dir(path), Err: cause(err)}
	}
	inner := filepath.Join(outer, "x")
	file := filepath.Join(inner, filepath.Base(path))
	defer func() { err = errors.Join(err, remove(file), remove(inner), os.Remove(outer)) }()
	if err := os.Mkdir(inner, mode); err != nil {
		return &fs.PathError{Op: "mkdir", Path: filepath.Dir(path), Err: cause(err)}
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // a name in a folder of our own
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: cause(err)}
	}
	return f.Close()
}

// remove removes what was created, if it was.
func remove(path string) error {
	if _, err := os.Lstat(path); err != nil {
		return nil //nolint:nilerr // it is not there, or in a folder that let nobody create it
	}
	return os.Remove(path)
}
