package image

import (
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layoutDocument is a manifest or an index in a layout. What the library has for it neither bounds nor
// checks what it reads, and knows no tar.
type layoutDocument struct {
	store store
	desc  v1.Descriptor
	raw   []byte
}

// MediaType returns what the layout calls it.
func (d *layoutDocument) MediaType() (types.MediaType, error) { return d.desc.MediaType, nil }

// RawManifest returns the document as it is stored.
func (d *layoutDocument) RawManifest() ([]byte, error) { return d.raw, nil }

// layoutIndex is an index in a layout.
type layoutIndex struct {
	layoutDocument
	manifest *v1.IndexManifest
}

func newLayoutIndex(s store, d v1.Descriptor, raw []byte) (*layoutIndex, error) {
	l := &layoutIndex{layoutDocument{s, d, raw}, &v1.IndexManifest{}}
	return l, decode(raw, s.name()+": index", l.manifest)
}

// Digest returns the digest of the index.
func (l *layoutIndex) Digest() (v1.Hash, error) { return partial.Digest(l) }

// Size returns the size of the index in bytes.
func (l *layoutIndex) Size() (int64, error) { return partial.Size(l) }

// IndexManifest returns what is in the index.
func (l *layoutIndex) IndexManifest() (*v1.IndexManifest, error) { return l.manifest.DeepCopy(), nil }

// Image returns the image with the digest.
func (l *layoutIndex) Image(h v1.Hash) (v1.Image, error) {
	d, err := l.find(h, "an image", types.MediaType.IsImage)
	if err != nil {
		return nil, err
	}
	return l.read(d)
}

// read returns the image of an entry.
func (l *layoutIndex) read(d v1.Descriptor) (v1.Image, error) {
	raw, err := readBlob(l.store, d)
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(&layoutImage{layoutDocument{l.store, d, raw}})
}

// ImageIndex returns the index with the digest.
func (l *layoutIndex) ImageIndex(h v1.Hash) (v1.ImageIndex, error) {
	d, err := l.find(h, "an index", types.MediaType.IsIndex)
	if err != nil {
		return nil, err
	}
	raw, err := readBlob(l.store, d)
	if err != nil {
		return nil, err
	}
	return newLayoutIndex(l.store, d, raw)
}

func (l *layoutIndex) find(h v1.Hash, what string, is func(types.MediaType) bool) (v1.Descriptor, error) {
	for _, d := range l.manifest.Manifests {
		if d.Digest == h && is(d.MediaType) {
			return d, nil
		}
	}
	return v1.Descriptor{}, fmt.Errorf("%s: the index has no entry %s that is %s", l.store.name(), h, what)
}

// layoutImage is an image in a layout.
type layoutImage struct{ layoutDocument }

// RawConfigFile returns the configuration.
func (l *layoutImage) RawConfigFile() ([]byte, error) {
	m, err := l.manifest()
	if err != nil {
		return nil, err
	}
	return readBlob(l.store, m.Config)
}

// LayerByDigest returns a layer, or the configuration as if it were one.
func (l *layoutImage) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	m, err := l.manifest()
	if err != nil {
		return nil, err
	}
	for _, d := range append(m.Layers, m.Config) {
		if d.Digest == h {
			return &layoutLayer{l.store, d}, nil
		}
	}
	return nil, fmt.Errorf("%s: the image has no layer %s", l.store.name(), h)
}

func (l *layoutImage) manifest() (*v1.Manifest, error) {
	var m v1.Manifest
	if err := decode(l.raw, l.store.name()+": manifest", &m); err != nil {
		return nil, err
	}
	return &m, nil
}

// layoutLayer is a layer in a layout.
type layoutLayer struct {
	store store
	desc  v1.Descriptor
}

// Digest returns the digest of the layer as it is stored.
func (l *layoutLayer) Digest() (v1.Hash, error) { return l.desc.Digest, nil }

// Size returns the size as it is stored, in bytes.
func (l *layoutLayer) Size() (int64, error) { return l.desc.Size, nil }

// MediaType returns what the manifest calls it.
func (l *layoutLayer) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }

// Descriptor returns the manifest's entry, with its annotations.
func (l *layoutLayer) Descriptor() (*v1.Descriptor, error) { return &l.desc, nil }

// Compressed opens the layer.
func (l *layoutLayer) Compressed() (io.ReadCloser, error) { return openBlob(l.store, l.desc) }
