package image

import (
	"context"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Built is an image that was made or read, for one platform or several. What it consists of is read
// when it is used: the files behind it must stay until then.
type Built struct {
	// Tags are the names it is to have, complete with registry and tag.
	Tags     []string
	Variants []BuiltVariant
	// Index holds all variants; it is nil if there is one only.
	Index v1.ImageIndex
}

// BuiltVariant is the image for one platform.
type BuiltVariant struct {
	Platform v1.Platform
	Image    v1.Image
	// SBOM is the bill of materials, a manifest of its own that has the image as its subject, or nil.
	SBOM v1.Image
}

// Loader is a container engine that takes images, as docker save writes them.
type Loader interface {
	Load(ctx context.Context, archive io.Reader) error
}
