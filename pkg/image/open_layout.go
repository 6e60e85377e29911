package image

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// What OCI's image layout calls its files and the names of its images.
const (
	layoutIndexFile = "index.json"
	refName         = "org.opencontainers.image.ref.name"
	containerdName  = "io.containerd.image.name"
)

// openLayout opens PATH or PATH:TAG. The name is for errors.
func openLayout(ctx context.Context, text, name string, want *v1.Platform) (*Built, io.Closer, error) {
	path, tag := splitLayout(text)
	return openStored(ctx, path, name, want, func(s store) (*Built, error) { return readLayout(s, tag) })
}

// splitLayout returns the path and what follows it. Either may have colons.
func splitLayout(text string) (path, tag string) {
	for i := range len(text) {
		if text[i] != ':' {
			continue
		}
		if _, err := os.Stat(text[:i]); err == nil {
			path, tag = text[:i], text[i+1:]
		}
	}
	if _, err := os.Stat(text); err == nil || path == "" {
		return text, ""
	}
	return path, tag
}

// readLayout reads the image with the tag, or the only one.
func readLayout(s store, tag string) (*Built, error) {
	if !s.has(layoutIndexFile) {
		return nil, hinted.New(
			fmt.Errorf("%s: no image in it: it has neither %s nor %s", s.name(), layoutIndexFile, archiveManifest),
			"name what docker save wrote, or an OCI image layout",
		)
	}
	raw, err := readDocument(s, layoutIndexFile)
	if err != nil {
		return nil, err
	}
	top, err := newLayoutIndex(s, v1.Descriptor{MediaType: types.OCIImageIndex}, raw)
	if err != nil {
		return nil, err
	}
	d, err := choose(s.name(), top.images(), tag)
	if err != nil {
		return nil, err
	}
	built := &Built{Tags: namesOf(top.manifest, d.Digest)}
	if d.MediaType.IsIndex() {
		if built.Index, err = top.ImageIndex(d.Digest); err != nil {
			return nil, err
		}
		built.Variants, err = variants(built.Index, 1)
	} else {
		v := BuiltVariant{}
		if d.Platform != nil {
			v.Platform = *d.Platform
		}
		v.Image, err = top.read(d)
		built.Variants = []BuiltVariant{v}
	}
	if err != nil {
		return nil, err
	}
	return built, top.attach(built.Variants)
}

// images returns those entries of a layout that are images: not those that say what they are attached
// to, in their descriptor or their manifest.
func (l *layoutIndex) images() []v1.Descriptor {
	return slices.DeleteFunc(slices.Clone(l.manifest.Manifests), func(d v1.Descriptor) bool {
		return isAttachment(d) || l.subject(d) != nil
	})
}

// subject returns what an entry of the layout is attached to, if it is a manifest and can be read.
func (l *layoutIndex) subject(d v1.Descriptor) *v1.Manifest {
	if !d.MediaType.IsImage() {
		return nil
	}
	img, err := l.read(d)
	if err != nil {
		return nil
	}
	manifest, err := img.Manifest()
	if err != nil || manifest.Subject == nil {
		return nil
	}
	return manifest
}

// choose returns the image with the tag, or the only one. The name of the layout is for errors.
func choose(name string, images []v1.Descriptor, tag string) (v1.Descriptor, error) {
	var found []v1.Descriptor
	for _, d := range images {
		again := slices.ContainsFunc(found, func(f v1.Descriptor) bool { return f.Digest == d.Digest })
		if !again && hasTag(d, tag) {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		return v1.Descriptor{}, noChoice(name, images, found, tag)
	}
	d := found[0]
	if !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
		return d, unsupported(name, d.MediaType)
	}
	return d, nil
}

// hasTag says whether an image is called for by a tag, or a name with one. No tag calls for all.
func hasTag(d v1.Descriptor, tag string) bool {
	return tag == "" || slices.ContainsFunc(names(d), func(known string) bool {
		return known == tag || strings.HasSuffix(known, ":"+tag) || strings.HasSuffix(known, "/"+tag)
	})
}

// noChoice says why no image of a layout is the one.
func noChoice(name string, images, found []v1.Descriptor, tag string) error {
	var known []string
	for _, d := range images {
		known = append(known, names(d)...)
	}
	slices.Sort(known)
	list := strings.Join(slices.Compact(known), ", ")
	switch {
	case len(images) == 0:
		return hinted.New(fmt.Errorf("%s: no image in this layout", name), "'otlpctl image build --output oci:DIR' puts one there")
	case len(found) == 0:
		return hinted.New(fmt.Errorf("%s: no image with the tag %q", name, tag), "there is "+cmp.Or(list, "only one without a tag"))
	case list == "":
		return hinted.New(fmt.Errorf("%s: %d images without names", name, len(found)), "give them tags, or name a layout with one image")
	}
	return hinted.New(fmt.Errorf("%s: %d images", name, len(found)), "name one as oci:PATH:TAG; there is "+list)
}

// unsupported says that something is no image that can be read.
func unsupported(name string, t types.MediaType) error {
	hint := "name an image by Docker's schema 2 or OCI"
	switch {
	case strings.HasPrefix(string(t), "application/vnd.docker.distribution.manifest.v1"):
		hint = "it was made before 2016: pull and push it with a current engine"
	case strings.HasPrefix(string(t), "text/"):
		hint = "a page was answered, and no image: is that a registry, or a proxy before it?"
	}
	return hinted.New(fmt.Errorf("%s: the media type %q is not supported", name, t), hint)
}

// names returns the names that a layout gives an image.
func names(d v1.Descriptor) []string {
	var found []string
	for _, key := range []string{containerdName, refName} {
		if name := d.Annotations[key]; name != "" {
			found = append(found, name)
		}
	}
	return found
}

// namesOf returns the complete ones among the names of an image, without a mere tag.
func namesOf(manifest *v1.IndexManifest, h v1.Hash) []string {
	var found []string
	for _, d := range manifest.Manifests {
		if d.Digest != h {
			continue
		}
		for _, name := range names(d) {
			if strings.ContainsAny(name, ":/") && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	return found
}

// attach gives every variant its bill of materials, if the layout has one.
func (l *layoutIndex) attach(to []BuiltVariant) error {
	for _, d := range l.manifest.Manifests {
		m := l.subject(d)
		if m == nil || !isSBOM(d.ArtifactType) && !isSBOM(m.ArtifactType) && !isSBOM(string(m.Config.MediaType)) {
			continue
		}
		for i := range to {
			digest, err := to[i].Image.Digest()
			if err != nil {
				return err
			}
			if digest != m.Subject.Digest {
				continue
			}
			if to[i].SBOM, err = l.read(d); err != nil {
				return err
			}
		}
	}
	return nil
}
