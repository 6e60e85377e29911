package image

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// The bounds of an index.
const (
	maxNesting  = 3    // indexes in each other; one in another is common
	maxVariants = 1000 // entries
)

// CheckPlatform says what is wrong with a platform as OpenOptions has it.
func CheckPlatform(text string) error {
	_, err := parsePlatform(text)
	return err
}

// parsePlatform reads os/architecture[/variant]; nothing is nil.
func parsePlatform(text string) (*v1.Platform, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // all platforms
	}
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return nil, hinted.New(fmt.Errorf("platform %q: want os/architecture", text), "such as linux/arm64")
	}
	p := v1.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 && text != "linux/arm64/v8" { // which is the only one, and mostly left out
		p.Variant = parts[2]
	}
	return &p, nil
}

// keep leaves only the variants for a platform, if one is wanted. The name is for the error.
func (b *Built) keep(name string, want *v1.Platform) (err error) {
	if len(b.Variants) == 0 {
		return hinted.New(fmt.Errorf("%s: no image for any platform in it", name), "is it an attachment, such as a signature?")
	}
	for i, v := range b.Variants {
		if b.Variants[i].Platform, err = platformOf(v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if want == nil {
		return nil
	}
	var have []string
	var kept []BuiltVariant
	for _, v := range b.Variants {
		have = append(have, v.Platform.String())
		if v.Platform.Satisfies(*want) {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return hinted.New(fmt.Errorf("%s: no image for %s", name, want), "there is "+strings.Join(have, ", "))
	}
	if b.Index != nil && len(kept) < len(b.Variants) { // it holds the others
		b.Index = nil
		if len(kept) > 1 {
			if b.Index, err = NewIndex(kept, nil); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	b.Variants = kept
	return nil
}

// platformOf returns the platform that the index says, else the one in the image's configuration.
func platformOf(v BuiltVariant) (v1.Platform, error) {
	if v.Platform.OS != "" {
		return v.Platform, nil
	}
	config, err := v.Image.ConfigFile()
	if err != nil {
		return v1.Platform{}, fmt.Errorf("configuration: %w", err)
	}
	return v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}, nil
}

// variants returns the images in an index and in those that it holds, without reading them. Attachments
// are no images.
func variants(index v1.ImageIndex, depth int) ([]BuiltVariant, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("more than %d indexes within each other", maxNesting)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if n := len(manifest.Manifests); n > maxVariants {
		return nil, fmt.Errorf("an index with %d entries, and at most %d are read", n, maxVariants)
	}
	var found []BuiltVariant
	for _, d := range manifest.Manifests {
		switch {
		case d.MediaType.IsIndex():
			nested, err := index.ImageIndex(d.Digest)
			if err != nil {
				return nil, err
			}
			inner, err := variants(nested, depth+1)
			if err != nil {
				return nil, err
			}
			found = append(found, inner...)
		case d.MediaType.IsImage() && !isAttachment(d):
			v := BuiltVariant{Image: newLazyImage(d, index)}
			if d.Platform != nil {
				v.Platform = *d.Platform
			}
			found = append(found, v)
		}
	}
	return found, nil
}

// isAttachment says whether a manifest is about another one: a bill of materials, a signature, or what
// BuildKit attests.
func isAttachment(d v1.Descriptor) bool {
	isConfig := strings.HasPrefix(d.ArtifactType, "application/vnd.oci.image.config.") ||
		strings.HasPrefix(d.ArtifactType, "application/vnd.docker.container.image.")
	return d.ArtifactType != "" && !isConfig ||
		d.Annotations["vnd.docker.reference.type"] != "" ||
		d.Platform != nil && d.Platform.OS == "unknown"
}

// isSBOM says whether the media type of an artifact is that of a bill of materials.
func isSBOM(mediaType string) bool {
	return strings.Contains(mediaType, "spdx") || strings.Contains(mediaType, "cyclonedx")
}
