package image

import (
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// NewIndex makes one image for several platforms of an image for each.
func NewIndex(variants []BuiltVariant, annotations map[string]string) (v1.ImageIndex, error) {
	made := &index{
		manifest: v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Annotations: annotations},
		images:   map[v1.Hash]v1.Image{},
	}
	for _, variant := range variants {
		d, err := Describe(variant.Image)
		if err != nil {
			return nil, err
		}
		d.Platform = &variant.Platform
		made.manifest.Manifests = append(made.manifest.Manifests, d)
		made.images[d.Digest] = variant.Image
	}
	var err error
	made.raw, err = json.Marshal(made.manifest)
	return made, err
}

// Describe returns the descriptor of a manifest, with its artifact type if it has one.
func Describe(of partial.WithRawManifest) (v1.Descriptor, error) {
	raw, err := of.RawManifest()
	if err != nil {
		return v1.Descriptor{}, err
	}
	var manifest struct {
		MediaType    types.MediaType `json:"mediaType"`
		ArtifactType string          `json:"artifactType"`
	}
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return v1.Descriptor{}, err
	}
	digest, size, err := v1.SHA256(bytes.NewReader(raw))
	return v1.Descriptor{MediaType: manifest.MediaType, ArtifactType: manifest.ArtifactType, Digest: digest, Size: size}, err
}

// index is an image for several platforms.
type index struct {
	manifest v1.IndexManifest
	raw      []byte
	images   map[v1.Hash]v1.Image
}

// MediaType returns the type of the manifest.
func (i *index) MediaType() (types.MediaType, error) { return i.manifest.MediaType, nil }

// Digest returns the digest of the manifest.
func (i *index) Digest() (v1.Hash, error) { return partial.Digest(i) }

// Size returns the size of the manifest.
func (i *index) Size() (int64, error) { return int64(len(i.raw)), nil }

// IndexManifest returns the manifest.
func (i *index) IndexManifest() (*v1.IndexManifest, error) { return i.manifest.DeepCopy(), nil }

// RawManifest returns the manifest as it is moved.
func (i *index) RawManifest() ([]byte, error) { return i.raw, nil }

// Image returns the image for one of the platforms.
func (i *index) Image(digest v1.Hash) (v1.Image, error) {
	found, ok := i.images[digest]
	if !ok {
		return nil, fmt.Errorf("the index has no image %s", digest)
	}
	return found, nil
}

// ImageIndex returns an error: there is no index in this one.
func (*index) ImageIndex(digest v1.Hash) (v1.ImageIndex, error) {
	return nil, fmt.Errorf("the index has no index %s", digest)
}
