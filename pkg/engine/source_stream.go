package engine

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// contextStream is a build's context on its way to the engine: a tar archive, written while it is
// read.
type contextStream struct {
	*io.PipeReader
	written sync.WaitGroup
	err     error
}

// errGivenUp is why a context stops when nobody reads it any more.
var errGivenUp = errors.New("the engine reads no further")

// contextError says why a source could not be read to its end.
type contextError struct{ error }

func (e *contextError) Unwrap() error { return e.error }

// Hint returns the next step.
func (*contextError) Hint() string {
	return "what the build does not need can be left out by a line in .dockerignore"
}

// stream begins to write the context, with text as its Dockerfile.
func (s *source) stream(ctx context.Context, text string) *contextStream {
	reader, writer := io.Pipe()
	c := &contextStream{PipeReader: reader}
	c.written.Go(func() {
		c.err = s.write(ctx, writer, text)
		writer.CloseWithError(c.err)
	})
	return c
}

// Close ends the writing and waits for it.
func (c *contextStream) Close() error {
	err := c.CloseWithError(errGivenUp)
	c.written.Wait()
	return err
}

// fault returns why the source could not be read, if that is so. It ends the writing.
func (c *contextStream) fault() error {
	_ = c.Close() // cannot fail
	if c.err == nil || errors.Is(c.err, errGivenUp) || errors.Is(c.err, io.ErrClosedPipe) {
		return nil
	}
	return c.err
}

// write writes the context. The same files make the same bytes: of their times and owners, which
// no build depends on, nothing is told.
func (s *source) write(ctx context.Context, w io.Writer, text string) error {
	archive := tar.NewWriter(w)
	added := map[string][]byte{dockerfileName: []byte(text), depsName: s.deps}
	if s.config != nil {
		added[configName] = s.config
	}
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: reservedFolder + "/", Mode: 0o755, ModTime: contextTime()}); err != nil {
		return err
	}
	for _, name := range []string{dockerfileName, configName, depsName} {
		if data, ok := added[name]; ok {
			if err := addBytes(archive, name, data); err != nil {
				return err
			}
		}
	}
	err := s.walk(func(name string, entry fs.DirEntry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return s.add(archive, name, entry)
	})
	if err != nil {
		return fmt.Errorf("read the source %s: %w", s.folder, err)
	}
	return archive.Close()
}

// contextTime is the time of every file in a context. It is not 0, which some programs take for
// no time at all.
func contextTime() time.Time { return time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC) }

func addBytes(archive *tar.Writer, name string, data []byte) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data)), ModTime: contextTime()}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := archive.Write(data)
	return err
}

// add adds a file, folder or symbolic link of the source.
func (s *source) add(archive *tar.Writer, name string, entry fs.DirEntry) error {
	place := filepath.Join(s.folder, filepath.FromSlash(name))
	info, err := entry.Info()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: plainMode(info), ModTime: contextTime()}
	switch {
	case entry.IsDir():
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
		return archive.WriteHeader(header)
	case entry.Type() == fs.ModeSymlink:
		target, err := os.Readlink(place)
		if err != nil {
			return err
		}
		header.Typeflag, header.Linkname = tar.TypeSymlink, filepath.ToSlash(target)
		return archive.WriteHeader(header)
	}
	header.Typeflag, header.Size = tar.TypeReg, info.Size()
	return addFile(archive, header, place)
}

// plainMode is 0755 for folders and programs, and 0644 for the rest, whatever the umask was.
func plainMode(info fs.FileInfo) int64 {
	if info.IsDir() || info.Mode()&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

func addFile(archive *tar.Writer, header *tar.Header, place string) error {
	file, err := os.Open(place) //nolint:gosec // a file of the source that the user names
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	// A file that grows meanwhile is cut where it ended; one that shrinks is an error.
	if _, err := io.CopyN(archive, file, header.Size); err != nil {
		return fmt.Errorf("%s changed while it was read: %w", place, err)
	}
	return nil
}
