package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// SaveFile replaces what is in a file, whole or not at all. Its mode and its owner
// stay, and a symbolic link goes on pointing at it. before is what the file must
// still hold: somebody else may have written to it meanwhile.
func SaveFile(f File, before []byte) (err error) {
	target, err := filepath.EvalSymlinks(f.Name)
	if err != nil {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", f.Name)
	}
	fresh, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return fmt.Errorf("replace %s: %w", f.Name, err)
	}
	defer func() {
		if err != nil {
			_ = fresh.Close()
			_ = os.Remove(fresh.Name())
			err = fmt.Errorf("replace %s: %w", f.Name, err)
		}
	}()
	if _, err = fresh.Write(f.Data); err != nil {
		return err
	}
	if err = like(fresh, info); err != nil {
		return err
	}
	if err = errors.Join(fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	now, err := os.ReadFile(target)
	if err == nil && string(now) != string(before) {
		err = ErrChanged
	}
	if err != nil {
		return err
	}
	if err = os.Rename(fresh.Name(), target); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(target))
}

// ErrChanged says that a file is not what it was when it was read.
var ErrChanged = errors.New("somebody else has changed the file meanwhile")

// like gives a file the owner and the mode of another one.
func like(file *os.File, info fs.FileInfo) error {
	if err := keepOwner(file, info); err != nil {
		return err
	}
	return file.Chmod(info.Mode().Perm())
}

// NewFile makes a file that only its owner can read. One that is there already is
// an error.
func NewFile(f File) error {
	file, err := os.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(f.Data)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(f.Name)
		return err
	}
	return nil
}
