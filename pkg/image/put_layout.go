package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layoutMark is the file that makes a folder an OCI image layout.
const layoutMark = "oci-layout"

// putLayout adds an image to the layout in a folder, or makes one. The index is written last: until then
// the layout is what it was.
func putLayout(ctx context.Context, b *Built, folder string, o PutOptions) error {
	return Step(ctx, o.On, "[write] "+folder, func() (State, error) {
		there, err := os.ReadDir(folder)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && len(there) == 0:
			return Done, newLayout(ctx, b, folder)
		case err != nil:
			return Failed, err
		}
		if _, err := os.Stat(filepath.Join(folder, layoutMark)); err != nil {
			return Failed, WithHint(fmt.Errorf("%s has files in it, and is no OCI layout", folder), "name a new folder, or a layout")
		}
		return Done, addToLayout(ctx, b, folder)
	})
}

// newLayout makes a layout beside its place, and moves it there when it is complete.
func newLayout(ctx context.Context, b *Built, folder string) (err error) {
	folder = filepath.Clean(folder)
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil { //nolint:gosec // as mkdir does
		return err
	}
	stage, err := os.MkdirTemp(filepath.Dir(folder), "."+filepath.Base(folder)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(stage)
		}
	}()
	if err := os.WriteFile(filepath.Join(stage, layoutMark), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil { //nolint:gosec // an image is for everybody
		return err
	}
	empty := []byte(`{"schemaVersion":2,"manifests":[]}`)
	if err := os.WriteFile(filepath.Join(stage, layoutIndexFile), empty, 0o644); err != nil { //nolint:gosec // an image is for everybody
		return err
	}
	if err := addToLayout(ctx, b, stage); err != nil {
		return err
	}
	if err := os.Chmod(stage, 0o755); err != nil { //nolint:gosec // an image is for everybody
		return err
	}
	if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty one, which Windows would not replace
		return err
	}
	return os.Rename(stage, folder)
}

// addToLayout adds the blobs of an image, and then its names.
func addToLayout(ctx context.Context, b *Built, folder string) (err error) {
	l := &layoutWriter{ctx: ctx, folder: folder}
	defer func() {
		if err != nil {
			for _, name := range l.made {
				_ = os.Remove(name)
			}
		}
	}()
	before, err := l.index()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(folder, "blobs", "sha256"), 0o755); err != nil { //nolint:gosec // an image is for everybody
		return err
	}
	top, attached, err := l.blobs(b)
	if err != nil {
		return err
	}
	named, err := nameDescriptor(top, b.Tags)
	if err != nil {
		return err
	}
	after, dropped := replaceNames(before, named, attached)
	after = l.detach(after, dropped)
	raw, err := json.Marshal(after)
	if err != nil {
		return err
	}
	err = replaceFile(filepath.Join(folder, layoutIndexFile), func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	l.made = nil // they have names now
	return l.prune(before, after)
}

// layoutWriter adds to a layout.
type layoutWriter struct {
	ctx    context.Context //nolint:containedctx // it lives as long as the call
	folder string
	made   []string // the files that were not there before
}

func (l *layoutWriter) index() (v1.IndexManifest, error) {
	manifest := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	name := filepath.Join(l.folder, layoutIndexFile)
	raw, err := os.ReadFile(name) //nolint:gosec // the user named the folder
	if err != nil {
		return manifest, err
	}
	return manifest, decode(raw, name, &manifest)
}

// blobs writes everything that an image consists of. It describes the image, and what is attached to it.
func (l *layoutWriter) blobs(b *Built) (top v1.Descriptor, attached []v1.Descriptor, err error) {
	for _, variant := range b.Variants {
		if top, err = l.image(variant.Image); err != nil {
			return top, nil, err
		}
		if b.Index == nil {
			top.Platform = &variant.Platform
		}
		if variant.SBOM == nil {
			continue
		}
		d, err := l.image(variant.SBOM)
		if err != nil {
			return top, nil, err
		}
		attached = append(attached, d)
	}
	if b.Index == nil {
		return top, attached, nil
	}
	raw, err := b.Index.RawManifest()
	if err != nil {
		return top, nil, err
	}
	top, err = Describe(b.Index)
	if err != nil {
		return top, nil, err
	}
	return top, attached, l.blob(top, bytes.NewReader(raw))
}

// image writes layers, configuration and manifest.
func (l *layoutWriter) image(img v1.Image) (v1.Descriptor, error) {
	layers, err := img.Layers()
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, layer := range layers {
		if err := l.layer(layer); err != nil {
			return v1.Descriptor{}, err
		}
	}
	manifest, err := img.Manifest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return v1.Descriptor{}, err
	}
	if err := l.blob(manifest.Config, bytes.NewReader(config)); err != nil {
		return v1.Descriptor{}, err
	}
	raw, err := img.RawManifest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	d, err := Describe(img)
	if err != nil {
		return v1.Descriptor{}, err
	}
	return d, l.blob(d, bytes.NewReader(raw))
}

func (l *layoutWriter) layer(layer v1.Layer) error {
	d, err := blob(layer)
	if err != nil || l.has(d) {
		return err
	}
	content, err := layer.Compressed()
	if err != nil {
		return err
	}
	return errors.Join(l.blob(d, content), content.Close())
}

// has reports whether a blob is there already.
func (l *layoutWriter) has(d v1.Descriptor) bool {
	info, err := os.Stat(l.path(d.Digest))
	return err == nil && info.Size() == d.Size
}

func (l *layoutWriter) path(h v1.Hash) string {
	return filepath.Join(l.folder, filepath.FromSlash(blobName(h)))
}

// blob writes a blob that is not there yet. It must be what its digest says.
func (l *layoutWriter) blob(d v1.Descriptor, content io.Reader) error {
	if l.has(d) {
		return nil
	}
	path := l.path(d.Digest)
	_, missing := os.Stat(path)
	checked, err := newVerified(io.NopCloser(Cancellable(l.ctx, content)), d)
	if err != nil {
		return err
	}
	err = replaceFile(path, func(w io.Writer) error {
		_, err := io.Copy(w, checked)
		return err
	})
	if err == nil && missing != nil {
		l.made = append(l.made, path)
	}
	return err
}
