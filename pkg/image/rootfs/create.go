package rootfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Create writes the entries into a folder, which must not exist or be empty. Modes do not depend on the
// umask. Owners are set for root only: nobody else may give files away. After an error, what was written
// is removed.
func Create(root string, entries []Entry) (err error) {
	existed, err := vacant(root)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, remove(root, existed))
		}
	}()
	if err := os.MkdirAll(root, 0o755); err != nil { //nolint:gosec // an image is for everybody to read
		return err
	}
	for _, e := range entries {
		if err := e.write(filepath.Join(root, filepath.FromSlash(e.Path))); err != nil {
			return err
		}
	}
	// A folder takes its mode last: one that nobody may write to would not take its files.
	for _, e := range slices.Backward(entries) {
		if err := e.own(filepath.Join(root, filepath.FromSlash(e.Path))); err != nil {
			return err
		}
	}
	return nil
}

// vacant reports whether the folder exists. It is an error if there is something in it.
func vacant(root string) (existed bool, err error) {
	there, err := os.ReadDir(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err == nil && len(there) > 0:
		return true, fmt.Errorf("%s is not empty: name a new folder", root)
	}
	return true, err
}

func (e Entry) write(name string) error {
	if e.Mode.IsDir() {
		return os.Mkdir(name, 0o755) //nolint:gosec // own sets the mode
	}
	return os.WriteFile(name, e.Data, 0o600)
}

func (e Entry) own(name string) error {
	if os.Geteuid() == 0 {
		if err := os.Chown(name, e.ID, e.ID); err != nil {
			return err
		}
	}
	return os.Chmod(name, e.Mode.Perm()|e.Mode&fs.ModeSticky)
}

// remove takes back what was written.
func remove(root string, existed bool) error {
	if !existed {
		return os.RemoveAll(root)
	}
	there, err := os.ReadDir(root)
	for _, entry := range there {
		err = errors.Join(err, os.RemoveAll(filepath.Join(root, entry.Name())))
	}
	return err
}
