package image

import (
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Result is what a build has made. The names of its JSON fields are API.
type Result struct {
	Builder string `json:"builder"`
	// Output is where the image is now, as --output names it.
	Output string   `json:"output"`
	Tags   []string `json:"tags"`
	// Digest is that of the image's manifest, or of the index if there are several platforms.
	Digest string `json:"digest"`
	// Size is that of all layers as they are moved, compressed, and Unpacked as they lie on a disk,
	// in bytes. Several platforms add up.
	Size      int64     `json:"size"`
	Unpacked  int64     `json:"unpacked"`
	Platforms []Variant `json:"platforms"`
	Layers    []Layer   `json:"layers"`
	Steps     Steps     `json:"steps"`
	// Seconds is how long the build took, from its beginning until the image was in its place.
	Seconds float64 `json:"seconds"`

	Took time.Duration `json:"-"`
}

// Variant is the image for one platform.
type Variant struct {
	// Platform is os/architecture, such as linux/arm64.
	Platform string `json:"platform"`
	// Digest is that of the manifest, and ID that of the configuration, by which engines name images.
	Digest   string `json:"digest"`
	ID       string `json:"id"`
	Size     int64  `json:"size"`
	Unpacked int64  `json:"unpacked"`
	// SBOM is the digest of the bill of materials, if it could be attached.
	SBOM string `json:"sbom,omitempty"`
}

// Layer is one layer of an image.
type Layer struct {
	Platform string `json:"platform"`
	Digest   string `json:"digest"`
	Size     int64  `json:"size"`
	Unpacked int64  `json:"unpacked"`
	// CreatedBy is what made it, as the image's history has it.
	CreatedBy string `json:"created_by"`
}

// Steps counts the steps of a build.
type Steps struct {
	Total  int `json:"total"`
	Cached int `json:"cached"`
}

// ResultOf describes an image. It reads every layer, and leaves Output, Steps and the time to those who
// know them.
func ResultOf(builder string, b *Built) (Result, error) {
	r := Result{Builder: builder, Tags: b.Tags}
	digest, err := b.Digest()
	if err != nil {
		return r, err
	}
	r.Digest = digest.String()
	for _, built := range b.Variants {
		variant, layers, err := describeVariant(built)
		if err != nil {
			return r, fmt.Errorf("image for %s: %w", built.Platform.String(), err)
		}
		r.Size += variant.Size
		r.Unpacked += variant.Unpacked
		r.Platforms = append(r.Platforms, variant)
		r.Layers = append(r.Layers, layers...)
	}
	return r, nil
}

// Digest returns the digest by which the image is pulled: that of the index, or of the only manifest.
func (b *Built) Digest() (v1.Hash, error) {
	if b.Index != nil {
		return b.Index.Digest()
	}
	return b.Variants[0].Image.Digest()
}

func describeVariant(built BuiltVariant) (Variant, []Layer, error) {
	v := Variant{Platform: built.Platform.String()}
	digest, err := built.Image.Digest()
	if err != nil {
		return v, nil, err
	}
	id, err := built.Image.ConfigName()
	if err != nil {
		return v, nil, err
	}
	v.Digest, v.ID = digest.String(), id.String()
	layers, err := layersOf(built.Image)
	if err != nil {
		return v, nil, err
	}
	for _, layer := range layers {
		v.Size += layer.Size
		v.Unpacked += layer.Unpacked
	}
	if built.SBOM != nil {
		if digest, err = built.SBOM.Digest(); err != nil {
			return v, nil, err
		}
		v.SBOM = digest.String()
	}
	return v, layers, nil
}
