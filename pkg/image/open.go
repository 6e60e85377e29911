package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// ErrNotFound says that a container engine has no such image.
var ErrNotFound = errors.New("no such image")

// Saver is a container engine that gives images away, as docker save writes them. The error for an
// image that it does not have is ErrNotFound.
type Saver interface {
	Save(ctx context.Context, ref string) (io.ReadCloser, error)
}

// OpenOptions is what opening an image depends on besides its name.
type OpenOptions struct {
	// Saver is the local container engine. Without one there are only files and registries.
	Saver Saver
	// Insecure allows plain HTTP to a registry on another machine, and certificates that cannot be
	// verified.
	Insecure bool
	// Platform is os/architecture or os/architecture/variant. Empty means all that there are.
	Platform string
}

// Open finds an image and returns it with what must be closed once it is not read any more. The text is
//
//	docker-archive:PATH   a file, as docker save writes it
//	oci:PATH[:TAG]        a folder by OCI's image layout, or a tar of one
//	engine:REF            an image of the container engine
//	registry:REF          an image in a registry
//
// or only a path or a reference: then it is the file or folder, if there is one with an image in it, else
// the engine's image, and else the registry's. Layers are read, and checked against their digests, when
// they are used.
func Open(ctx context.Context, text string, o OpenOptions) (*Built, io.Closer, error) {
	want, err := parsePlatform(o.Platform)
	if err != nil {
		return nil, nil, err
	}
	kind, rest, _ := strings.Cut(text, ":")
	switch Kind(kind) {
	case Archive:
		return openStored(ctx, rest, text, want, readArchive)
	case Layout:
		return openLayout(ctx, rest, text, want)
	case Engine:
		return openEngine(ctx, rest, o.Saver, want)
	case Registry:
		return openRegistry(ctx, rest, o.Insecure, want)
	}
	if holdsImage(text) {
		return openStored(ctx, text, text, want, readEither)
	}
	if looksLikePath(text) {
		return nil, nil, noImageAt(text)
	}
	return openByName(ctx, text, o, want)
}

// readEither reads a file or folder of either kind. Newer engines write both into one: then it is what
// docker load would take.
func readEither(s store) (*Built, error) {
	if s.has(archiveManifest) {
		return readArchive(s)
	}
	return readLayout(s, "")
}

// openStored opens a file or folder and reads what image is in it. The name is for errors.
func openStored(ctx context.Context, path, name string, want *v1.Platform, read func(store) (*Built, error)) (*Built, io.Closer, error) {
	s, err := openStore(ctx, path, name)
	if err != nil {
		return nil, nil, err
	}
	built, err := read(s)
	if err == nil {
		err = built.keep(name, want)
	}
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return built, s, nil
}

// openByName asks the engine, if there is one that answers, and then the registry.
func openByName(ctx context.Context, text string, o OpenOptions, want *v1.Platform) (*Built, io.Closer, error) {
	engine := errors.New("no container engine was asked")
	if o.Saver != nil {
		built, closer, err := openEngine(ctx, text, o.Saver, want)
		if err == nil {
			return built, closer, nil
		}
		if ctx.Err() != nil {
			return nil, nil, err
		}
		engine = err
	}
	built, closer, err := openRegistry(ctx, text, o.Insecure, want)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w\nand not on this machine: there is no such file, and %s", err, firstLine(engine))
	}
	return built, closer, err
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// holdsImage says whether a path is likely to be that of an image: another file or folder may merely have
// the name of one.
func holdsImage(path string) bool {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return false
	case info.IsDir():
		_, err := os.Stat(filepath.Join(path, layoutIndexFile))
		return err == nil
	}
	return info.Mode().IsRegular() && (looksLikePath(path) || isTar(path))
}

// isTar says whether a file has the mark of a tar in its first block.
func isTar(path string) bool {
	f, err := os.Open(path) //nolint:gosec // the user named it
	if err != nil {
		return false
	}
	defer f.Close()
	block := make([]byte, 512)
	_, err = io.ReadFull(f, block)
	return err == nil && string(block[257:262]) == "ustar"
}

// looksLikePath says whether a text is meant as the path of a file.
func looksLikePath(text string) bool {
	slashed := filepath.ToSlash(text)
	switch strings.ToLower(filepath.Ext(text)) {
	case ".tar", ".tgz", ".gz":
		return true
	}
	return filepath.IsAbs(text) || strings.HasPrefix(slashed, "./") || strings.HasPrefix(slashed, "../") || strings.HasSuffix(slashed, "/")
}

func noImageAt(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return hinted.New(fmt.Errorf("%s: no such file or folder", path), "'otlpctl image build --output oci:DIR' makes an image in a folder")
	}
	if info.IsDir() {
		return hinted.New(fmt.Errorf("%s: no image in this folder: it has no %s", path, layoutIndexFile), "name a folder that holds an OCI image layout")
	}
	return hinted.New(fmt.Errorf("%s: no regular file", path), "name a tar, a folder or a reference")
}
