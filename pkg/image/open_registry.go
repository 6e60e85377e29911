package image

import (
	"context"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// openRegistry opens an image in a registry. Its manifest is read now, all else when it is used.
func openRegistry(ctx context.Context, text string, insecure bool, want *v1.Platform) (*Built, io.Closer, error) {
	ref, err := parseReference(text, insecure)
	if err != nil {
		return nil, nil, err
	}
	options := append(registryOptions(insecure), remote.WithContext(ctx))
	got, err := remote.Get(ref, options...)
	if err != nil {
		return nil, nil, explainRegistry("pull", ref, err)
	}
	if got.Size > maxDocument {
		return nil, nil, tooLarge("the manifest of "+ref.Name(), got.Size)
	}
	built := &Built{}
	if _, tagged := ref.(name.Tag); tagged {
		built.Tags = []string{ref.Name()}
	}
	switch {
	case got.MediaType.IsIndex():
		if built.Index, err = got.ImageIndex(); err == nil {
			built.Variants, err = variants(built.Index, 1)
		}
	case got.MediaType.IsImage():
		var img v1.Image
		img, err = got.Image()
		built.Variants = []BuiltVariant{{Image: bounded{img}}}
	default:
		err = unsupported(ref.Name(), got.MediaType)
	}
	if err == nil {
		err = built.keep(ref.Name(), want)
	}
	if err != nil {
		return nil, nil, err
	}
	for i, v := range built.Variants {
		if built.Variants[i].SBOM, err = sbomInRegistry(ref, v.Image, options); err != nil {
			return nil, nil, err
		}
	}
	return built, nothing{}, nil
}

// sbomInRegistry returns the bill of materials of an image, or nil. A registry that will not list what
// refers to an image has none to give.
func sbomInRegistry(ref name.Reference, img v1.Image, options []remote.Option) (v1.Image, error) {
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	list, err := remote.Referrers(ref.Context().Digest(digest.String()), options...)
	if err != nil {
		return nil, nil //nolint:nilerr // the image is there without it
	}
	manifest, err := list.IndexManifest()
	if err != nil {
		return nil, nil //nolint:nilerr // the image is there without it
	}
	for _, d := range manifest.Manifests {
		if !isSBOM(d.ArtifactType) || d.MediaType != types.OCIManifestSchema1 {
			continue
		}
		sbom, err := remote.Image(ref.Context().Digest(d.Digest.String()), options...)
		if err != nil {
			return nil, explainRegistry("pull", ref, err)
		}
		return sbom, nil
	}
	return nil, nil
}

// nothing has nothing to close.
type nothing struct{}

// Close does nothing.
func (nothing) Close() error { return nil }
