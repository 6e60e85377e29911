package image

import (
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// lazyImage is an image of an index that is read when something in it is needed: of an image for a dozen
// platforms one is, and registries count what is read.
type lazyImage struct {
	desc v1.Descriptor
	read func() (v1.Image, error)
}

func newLazyImage(d v1.Descriptor, in v1.ImageIndex) v1.Image {
	return &lazyImage{d, sync.OnceValues(func() (v1.Image, error) {
		img, err := in.Image(d.Digest)
		return bounded{img}, err
	})}
}

// ask returns what a method of the image returns.
func ask[T any](l *lazyImage, method func(v1.Image) (T, error)) (T, error) {
	img, err := l.read()
	if err != nil {
		var none T
		return none, err
	}
	return method(img)
}

// Digest returns what the index says, which is checked when the image is read.
func (l *lazyImage) Digest() (v1.Hash, error) { return l.desc.Digest, nil }

// MediaType returns what the index says.
func (l *lazyImage) MediaType() (types.MediaType, error) { return l.desc.MediaType, nil }

// Size returns the size of the manifest.
func (l *lazyImage) Size() (int64, error) { return l.desc.Size, nil }

// Layers returns the layers.
func (l *lazyImage) Layers() ([]v1.Layer, error) { return ask(l, v1.Image.Layers) }

// ConfigName returns the digest of the configuration.
func (l *lazyImage) ConfigName() (v1.Hash, error) { return ask(l, v1.Image.ConfigName) }

// ConfigFile returns the configuration.
func (l *lazyImage) ConfigFile() (*v1.ConfigFile, error) { return ask(l, v1.Image.ConfigFile) }

// RawConfigFile returns the configuration as it is stored.
func (l *lazyImage) RawConfigFile() ([]byte, error) { return ask(l, v1.Image.RawConfigFile) }

// Manifest returns the manifest.
func (l *lazyImage) Manifest() (*v1.Manifest, error) { return ask(l, v1.Image.Manifest) }

// RawManifest returns the manifest as it is stored.
func (l *lazyImage) RawManifest() ([]byte, error) { return ask(l, v1.Image.RawManifest) }

// LayerByDigest returns a layer.
func (l *lazyImage) LayerByDigest(h v1.Hash) (v1.Layer, error) {
	return ask(l, func(i v1.Image) (v1.Layer, error) { return i.LayerByDigest(h) })
}

// LayerByDiffID returns a layer by its content.
func (l *lazyImage) LayerByDiffID(h v1.Hash) (v1.Layer, error) {
	return ask(l, func(i v1.Image) (v1.Layer, error) { return i.LayerByDiffID(h) })
}

// bounded is an image whose configuration is not read if it is too large.
type bounded struct{ v1.Image }

// ConfigFile returns the configuration.
func (b bounded) ConfigFile() (*v1.ConfigFile, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	return b.Image.ConfigFile()
}

// RawConfigFile returns the configuration as it is stored.
func (b bounded) RawConfigFile() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	return b.Image.RawConfigFile()
}

func (b bounded) check() error {
	manifest, err := b.Manifest()
	if err != nil {
		return err
	}
	if manifest.Config.Size > maxDocument {
		return tooLarge("configuration "+manifest.Config.Digest.String(), manifest.Config.Size)
	}
	return nil
}
