package oci

import (
	"context"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/rootfs"
)

// base is what the image is built on, for one platform. The zero value is nothing.
type base struct {
	name, digest string // for the annotations
	config       v1.Config
	files        rootfs.Base
}

// readBase takes over the layers of the base, and finds out what is in them.
func (b *builder) readBase(ctx context.Context) error {
	img, err := b.baseImage()
	if err != nil {
		return err
	}
	if err := b.takeOver(ctx, img); err != nil {
		return fmt.Errorf("base image %s: %w", b.request.BaseName, err)
	}
	kept, err := b.assemble()
	if err != nil {
		return err
	}
	files := mutate.Extract(kept)
	b.base.files, err = rootfs.ReadBase(b.request.BaseName, image.Cancellable(ctx, files))
	return errors.Join(err, files.Close())
}

// baseImage returns the base for the program's platform.
func (b *builder) baseImage() (v1.Image, error) {
	for _, v := range b.request.Base.Variants {
		if v.Platform.OS == b.program.Platform.OS && v.Platform.Architecture == b.program.Platform.Architecture {
			return v.Image, nil
		}
	}
	return nil, unfit("base image "+b.request.BaseName, "has nothing for "+b.program.Platform.String(), "name another base image, or another --platform")
}

func (b *builder) takeOver(ctx context.Context, img v1.Image) error {
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	b.base.config, b.base.digest = config.Config, digest.String()
	if len(b.request.Base.Tags) > 0 {
		b.base.name = b.request.Base.Tags[0]
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	b.history = historyOf(config, len(layers))
	for _, l := range layers {
		taken, err := asOCI(l)
		if err != nil {
			return err
		}
		kept, err := keep(ctx, taken, b.request.Folder)
		if err != nil {
			return err
		}
		b.layers = append(b.layers, kept)
	}
	return nil
}

// historyOf returns the history of the base. One that does not fit its layers is replaced: what is appended
// to it would be taken for that of the wrong layers.
func historyOf(config *v1.ConfigFile, layers int) []v1.History {
	said := 0
	for _, h := range config.History {
		if !h.EmptyLayer {
			said++
		}
	}
	if said == layers {
		return slices.Clone(config.History)
	}
	return slices.Repeat([]v1.History{{Created: config.Created, CreatedBy: "base image"}}, layers)
}

// retyped is a layer by another name.
type retyped struct {
	v1.Layer
	mediaType types.MediaType
}

// MediaType returns the type of the layer.
func (r retyped) MediaType() (types.MediaType, error) { return r.mediaType, nil }

// asOCI gives Docker's types of layers the names that OCI has for them.
func asOCI(l v1.Layer) (v1.Layer, error) {
	mediaType, err := l.MediaType()
	if err != nil {
		return nil, err
	}
	switch mediaType { //nolint:exhaustive // the others are OCI's own
	case types.DockerLayer:
		return retyped{l, types.OCILayer}, nil
	case types.DockerUncompressedLayer:
		return retyped{l, types.OCIUncompressedLayer}, nil
	case types.OCILayer, types.OCILayerZStd, types.OCIUncompressedLayer:
		return l, nil
	}
	return nil, fmt.Errorf("it has a layer of the type %s, which cannot be passed on", mediaType)
}
