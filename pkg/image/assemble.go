package image

import (
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Assemble makes an image of its parts. The manifest lacks nothing but the descriptors of the
// configuration, for which its type is set, and of the layers.
func Assemble(manifest v1.Manifest, config []byte, layers []v1.Layer) (v1.Image, error) {
	made := &assembled{manifest: manifest, config: config, layers: map[v1.Hash]v1.Layer{}}
	made.manifest.Layers = []v1.Descriptor{}
	for _, layer := range layers {
		d, err := blob(layer)
		if err != nil {
			return nil, err
		}
		made.manifest.Layers = append(made.manifest.Layers, d)
		made.layers[d.Digest] = layer
	}
	digest, size, err := v1.SHA256(bytes.NewReader(config))
	if err != nil {
		return nil, err
	}
	made.manifest.Config.Digest, made.manifest.Config.Size = digest, size
	if made.raw, err = json.Marshal(made.manifest); err != nil {
		return nil, err
	}
	return partial.CompressedToImage(made)
}

// blob describes a layer as it is moved.
func blob(layer v1.Layer) (d v1.Descriptor, err error) {
	if d.MediaType, err = layer.MediaType(); err != nil {
		return d, err
	}
	if d.Size, err = layer.Size(); err != nil {
		return d, err
	}
	d.Digest, err = layer.Digest()
	return d, err
}

// assembled is an image of given parts.
type assembled struct {
	manifest    v1.Manifest
	raw, config []byte
	layers      map[v1.Hash]v1.Layer
}

// MediaType returns the type of the manifest.
func (a *assembled) MediaType() (types.MediaType, error) { return a.manifest.MediaType, nil }

// RawManifest returns the manifest.
func (a *assembled) RawManifest() ([]byte, error) { return a.raw, nil }

// RawConfigFile returns the configuration.
func (a *assembled) RawConfigFile() ([]byte, error) { return a.config, nil }

// LayerByDigest returns a layer, or the configuration, which is moved like one.
func (a *assembled) LayerByDigest(digest v1.Hash) (partial.CompressedLayer, error) {
	if digest == a.manifest.Config.Digest {
		return partial.ConfigLayer(a)
	}
	layer, ok := a.layers[digest]
	if !ok {
		return nil, fmt.Errorf("the image has no layer %s", digest)
	}
	return layer, nil
}
