package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// store is a folder or a tar that images are read from. Names are relative and have slashes.
type store interface {
	io.Closer
	// name is for messages.
	name() string
	has(name string) bool
	// open returns the content of a regular file and its size in bytes, or fs.ErrNotExist.
	open(name string) (io.ReadCloser, int64, error)
}

// openStore opens the folder or the tar at a path, under a name for messages. What is read from it fails once ctx is done.
func openStore(ctx context.Context, at, name string) (store, error) {
	info, err := os.Stat(at)
	switch {
	case err != nil:
		return nil, noImageAt(at)
	case info.IsDir():
		root, err := os.OpenRoot(at)
		if err != nil {
			return nil, err
		}
		return folderStore{root, name, cancelled(ctx)}, nil
	case !info.Mode().IsRegular():
		return nil, noImageAt(at)
	}
	return openTar(ctx, at, name)
}

// folderStore is a folder. Links that lead out of it are not followed.
type folderStore struct {
	root  *os.Root
	shown string
	until func(io.Reader) io.Reader
}

func (f folderStore) Close() error { return f.root.Close() }

func (f folderStore) name() string { return f.shown }

func (f folderStore) has(name string) bool {
	info, err := f.root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func (f folderStore) open(name string) (io.ReadCloser, int64, error) {
	info, err := f.root.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, 0, fmt.Errorf("%s is no regular file", name)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	return content{f.until(file), file}, info.Size(), nil
}

// What a tar may hold. The table of its files is kept in memory.
const (
	maxTarFiles = 1 << 16
	maxTarNames = 16 << 20 // bytes
	maxTarLinks = 16       // one behind the other
)

// tarStore is a tar, read at the places that a table of its files says.
type tarStore struct {
	file  *os.File
	shown string
	files map[string]extent
	links map[string]string
	until func(io.Reader) io.Reader
}

type extent struct{ offset, size int64 }

func openTar(ctx context.Context, at, name string) (store, error) {
	file, err := os.Open(at) //nolint:gosec // the user named it
	if err != nil {
		return nil, err
	}
	t := &tarStore{file: file, shown: name, files: map[string]extent{}, links: map[string]string{}, until: cancelled(ctx)}
	if err := t.scan(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return t, nil
}

func (t *tarStore) scan(ctx context.Context) error {
	if err := t.refuseCompressed(); err != nil {
		return err
	}
	names := 0
	r := tar.NewReader(t.file)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF) && names > 0:
			return hinted.New(errors.New("the tar is cut off"), "get the file again")
		case err != nil:
			return hinted.New(fmt.Errorf("no tar, or a damaged one: %w", err), "name what docker save wrote, or an OCI image layout")
		}
		names += len(h.Name) + len(h.Linkname)
		if len(t.files)+len(t.links) >= maxTarFiles || names > maxTarNames {
			return fmt.Errorf("more than %d files, or names of more than %d MiB: no image", maxTarFiles, maxTarNames>>20)
		}
		if err := t.add(h); err != nil {
			return err
		}
	}
}

func (t *tarStore) add(h *tar.Header) error {
	name := tarName(h.Name)
	switch h.Typeflag {
	case tar.TypeReg:
		// The reader takes whole blocks and looks no further.
		offset, err := t.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		t.files[name] = extent{offset, h.Size}
	case tar.TypeSymlink: // of a layer that is in the archive already
		t.links[name] = tarName(path.Join(path.Dir(name), h.Linkname))
	case tar.TypeLink:
		t.links[name] = tarName(h.Linkname)
	}
	return nil
}

func (t *tarStore) refuseCompressed() error {
	head := make([]byte, 4)
	n, err := t.file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch head := string(head[:n]); {
	case n == 0:
		return hinted.New(errors.New("the file is empty"), "get it again")
	case hasMagic(head, gzipMagic):
		return hinted.New(errors.New("the tar is compressed"), "gunzip it first")
	case hasMagic(head, zstdMagic):
		return hinted.New(errors.New("the tar is compressed"), "unzstd it first")
	}
	return nil
}

// tarName makes the names of the same file equal, wherever they lead.
func tarName(name string) string { return path.Clean("/" + name)[1:] }

func (t *tarStore) Close() error { return t.file.Close() }

func (t *tarStore) name() string { return t.shown }

func (t *tarStore) find(name string) (extent, bool) {
	name = tarName(name)
	for range maxTarLinks {
		if e, ok := t.files[name]; ok {
			return e, true
		}
		target, ok := t.links[name]
		if !ok {
			break
		}
		name = target
	}
	return extent{}, false
}

func (t *tarStore) has(name string) bool {
	_, ok := t.find(name)
	return ok
}

func (t *tarStore) open(name string) (io.ReadCloser, int64, error) {
	e, ok := t.find(name)
	if !ok {
		return nil, 0, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return content{t.until(io.NewSectionReader(t.file, e.offset, e.size)), io.NopCloser(nil)}, e.size, nil
}

// content is that of a file in a store.
type content struct {
	io.Reader
	io.Closer
}

// cancelled returns what ends reading once the context has ended.
func cancelled(ctx context.Context) func(io.Reader) io.Reader {
	return func(r io.Reader) io.Reader { return Cancellable(ctx, r) }
}
