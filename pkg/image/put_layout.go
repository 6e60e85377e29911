package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
		found, err := layoutAt(folder)
		switch {
		case err != nil:
			return Failed, err
		case found == groundLayout:
			return Done, addToLayout(ctx, b, folder)
		}
		return Done, newLayout(ctx, b, filepath.Clean(folder), found)
	})
}

// newLayout makes a layout, and moves it to its place when it is complete.
func newLayout(ctx context.Context, b *Built, folder string, found ground) (err error) {
	beside, place := filepath.Dir(folder), os.Rename
	if found == groundEmpty { // a mount, perhaps, which cannot be replaced
		beside, place = folder, moveInto
	}
	if err := os.MkdirAll(beside, 0o755); err != nil { //nolint:gosec // as mkdir does
		return err
	}
	stage := filepath.Join(beside, temporaryName())
	if err := os.Mkdir(stage, 0o755); err != nil { //nolint:gosec // as mkdir does
		return fmt.Errorf("%s: %w", folder, withoutPath(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(stage)) }()
	if err := emptyLayout(stage); err != nil {
		return fmt.Errorf("%s: %w", folder, withoutPath(err))
	}
	if err := addToLayout(ctx, b, stage); err != nil {
		return err
	}
	err = place(stage, folder)
	if now, _ := layoutAt(folder); err != nil && now == groundLayout { // another build was faster
		return addToLayout(ctx, b, folder)
	}
	return err
}

// emptyLayout makes a folder a layout without images.
func emptyLayout(folder string) error {
	for name, content := range map[string]string{
		layoutMark:      `{"imageLayoutVersion":"1.0.0"}`,
		layoutIndexFile: `{"schemaVersion":2,"manifests":[]}`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil { //nolint:gosec // the umask says who may read it
			return err
		}
	}
	return nil
}

// moveInto moves what is in a layout to another folder. Blobs that are there already belong to another build.
func moveInto(stage, folder string) (err error) {
	var moved []string
	defer func() {
		if err != nil {
			for _, name := range moved {
				err = errors.Join(err, os.RemoveAll(name))
			}
		}
	}()
	for _, name := range []string{"blobs", layoutIndexFile, layoutMark} {
		to := filepath.Join(folder, name)
		if _, err := os.Lstat(to); err == nil {
			return fmt.Errorf("%s has appeared meanwhile", to)
		}
		if err := os.Rename(filepath.Join(stage, name), to); err != nil {
			return err
		}
		moved = append(moved, to)
	}
	return nil
}

// addToLayout adds the blobs of an image, and then its names. Builds into the same layout wait for each other.
func addToLayout(ctx context.Context, b *Built, folder string) (err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	unlock, err := lock(ctx, root)
	if err != nil {
		return fmt.Errorf("%s: lock: %w", folder, err)
	}
	defer unlock()
	l := &layoutWriter{ctx: ctx, folder: folderStore{root, folder, cancelled(ctx)}}
	if err := l.add(b); err != nil {
		for _, name := range l.made {
			_ = root.Remove(name)
		}
		return err
	}
	return nil
}

// layoutWriter adds to a layout.
type layoutWriter struct {
	ctx    context.Context //nolint:containedctx // it lives as long as the call
	folder folderStore
	made   []string // the files that were not there before, until they have names
}

func (l *layoutWriter) add(b *Built) error {
	before, err := l.index()
	if err != nil {
		return err
	}
	if err := l.folder.root.MkdirAll("blobs/sha256", 0o755); err != nil {
		return fmt.Errorf("%s: %w", l.folder.name(), err)
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
	err = replaceFile(l.folder.root, layoutIndexFile, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	l.made = nil
	return l.prune(before, after)
}

func (l *layoutWriter) index() (v1.IndexManifest, error) {
	manifest := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	raw, err := readDocument(l.folder, layoutIndexFile)
	if err != nil {
		return manifest, err
	}
	return manifest, decode(raw, filepath.Join(l.folder.name(), layoutIndexFile), &manifest)
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

// has reports whether a blob is there already, whole.
func (l *layoutWriter) has(d v1.Descriptor) bool {
	d.Data = nil // it is the file that counts
	content, err := openBlob(l.folder, d)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, content)
	return errors.Join(err, content.Close()) == nil
}

// blob writes a blob that is not there yet. It must be what its digest says.
func (l *layoutWriter) blob(d v1.Descriptor, content io.Reader) error {
	if l.has(d) {
		return nil
	}
	name := blobName(d.Digest)
	_, missing := l.folder.root.Lstat(name)
	checked, err := newVerified(io.NopCloser(Cancellable(l.ctx, content)), d)
	if err != nil {
		return err
	}
	err = replaceFile(l.folder.root, name, func(w io.Writer) error {
		_, err := io.Copy(w, checked)
		return err
	})
	if err == nil && missing != nil {
		l.made = append(l.made, name)
	}
	return err
}
