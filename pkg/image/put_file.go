package image

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// temporaryName is that of a file or folder that gets its real one when it is complete.
func temporaryName() string { return ".otlpctl-" + rand.Text() }

// replaceFile writes a file of a folder beside its place and moves it there when it is complete, and on the
// disk. The umask says who may read it.
func replaceFile(folder *os.Root, name string, write func(io.Writer) error) error {
	temporary := path.Join(path.Dir(name), temporaryName())
	file, err := folder.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err == nil {
		if err = write(unnamed{file}); err == nil {
			err = file.Sync()
		}
		if err = errors.Join(err, file.Close()); err == nil {
			err = folder.Rename(temporary, name)
		}
		if err != nil {
			_ = folder.Remove(temporary)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(folder.Name(), name), withoutPath(err))
	}
	return nil
}

// unnamed is a temporary file whose errors do not have its name: nobody can find it any more.
type unnamed struct{ file *os.File }

// Write writes to the file.
func (u unnamed) Write(p []byte) (int, error) {
	n, err := u.file.Write(p)
	return n, withoutPath(err)
}

// withoutPath returns what is wrong, without the file or files that it is wrong with.
func withoutPath(err error) error {
	switch e := err.(type) { //nolint:errorlint // an error that others have wrapped is theirs
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	}
	return err
}
