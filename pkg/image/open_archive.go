package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// archiveManifest lists the images of a docker-archive.
const archiveManifest = "manifest.json"

// archived is an image in that list. The paths are those of files in the archive.
type archived struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// readArchive reads the only image of a docker-archive.
func readArchive(s store) (*Built, error) {
	if !s.has(archiveManifest) {
		return nil, hinted.New(fmt.Errorf("%s: no image in it: it has no %s", s.name(), archiveManifest), "name what docker save wrote")
	}
	raw, err := readDocument(s, archiveManifest)
	if err != nil {
		return nil, err
	}
	var images []archived
	if err := decode(raw, s.name()+": "+archiveManifest, &images); err != nil {
		return nil, err
	}
	switch len(images) {
	case 0:
		return nil, hinted.New(fmt.Errorf("%s: no image in it", s.name()), "save one with docker save")
	case 1:
	default:
		var tags []string
		for _, i := range images {
			tags = append(tags, i.RepoTags...)
		}
		return nil, hinted.New(fmt.Errorf("%s: %d images: %s", s.name(), len(images), strings.Join(tags, ", ")), "save one alone with docker save")
	}
	img, err := images[0].read(s)
	if err != nil {
		return nil, err
	}
	return &Built{Tags: images[0].RepoTags, Variants: []BuiltVariant{{Image: img}}}, nil
}

// read returns the image. An archive does not have its manifest: the one that the image gets has the
// digests of the layers as they would be pushed.
func (a archived) read(s store) (v1.Image, error) {
	raw, err := readDocument(s, a.Config)
	if err != nil {
		return nil, err
	}
	if err := a.checkID(s, raw); err != nil {
		return nil, err
	}
	var config v1.ConfigFile
	if err := decode(raw, s.name()+": configuration", &config); err != nil {
		return nil, err
	}
	if len(config.RootFS.DiffIDs) != len(a.Layers) {
		err := fmt.Errorf("%s: %d layers, but the configuration has %d", s.name(), len(a.Layers), len(config.RootFS.DiffIDs))
		return nil, hinted.New(err, "the image is incomplete: get it again")
	}
	var layers []v1.Layer
	for i, name := range a.Layers {
		layer, err := newArchivedLayer(s, name, config.RootFS.DiffIDs[i])
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	return Assemble(v1.Manifest{
		SchemaVersion: 2,
		MediaType:     types.DockerManifestSchema2,
		Config:        v1.Descriptor{MediaType: types.DockerConfigJSON},
	}, raw, layers)
}

// checkID compares the configuration with its digest, which engines make its name.
func (a archived) checkID(s store, raw []byte) error {
	name := strings.TrimPrefix(strings.TrimSuffix(path.Base(a.Config), ".json"), "sha256:")
	want, err := v1.NewHash("sha256:" + name)
	if err != nil {
		return nil //nolint:nilerr // another name says nothing
	}
	got, _, err := v1.SHA256(bytes.NewReader(raw))
	if err == nil && got != want {
		err = fmt.Errorf("%s: %w", s.name(), damaged(want, "its content has the digest "+got.String()))
	}
	return err
}

// archivedLayer is a layer in an archive.
type archivedLayer struct {
	store  store
	name   string
	diffID v1.Hash
	size   int64
	digest func() (v1.Hash, error) // reads it once
}

// newArchivedLayer returns a layer that is compressed in the archive or, as engines write it, is not.
func newArchivedLayer(s store, name string, diffID v1.Hash) (v1.Layer, error) {
	content, size, err := s.open(name)
	if err != nil {
		return nil, missing(s, name, err)
	}
	defer content.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s: %s: %w", s.name(), name, err)
	}
	l := archivedLayer{store: s, name: name, diffID: diffID, size: size}
	l.digest = sync.OnceValues(l.sum)
	if head := string(head[:n]); hasMagic(head, gzipMagic) || hasMagic(head, zstdMagic) {
		return partial.CompressedToLayer(&l)
	}
	return partial.UncompressedToLayer(plainLayer{&l})
}

func (l *archivedLayer) sum() (v1.Hash, error) {
	content, err := l.Compressed()
	if err != nil {
		return v1.Hash{}, err
	}
	defer content.Close()
	sum, _, err := v1.SHA256(content)
	return sum, err
}

// Digest returns the digest of the layer as it is in the archive.
func (l *archivedLayer) Digest() (v1.Hash, error) { return l.digest() }

// DiffID returns the digest of its content, which the configuration says.
func (l *archivedLayer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Size returns the size in the archive, in bytes.
func (l *archivedLayer) Size() (int64, error) { return l.size, nil }

// MediaType returns that of every layer that Docker makes.
func (l *archivedLayer) MediaType() (types.MediaType, error) { return types.DockerLayer, nil }

// Compressed opens the layer as it is in the archive.
func (l *archivedLayer) Compressed() (io.ReadCloser, error) {
	content, _, err := l.store.open(l.name)
	if err != nil {
		return nil, missing(l.store, l.name, err)
	}
	return content, nil
}

// plainLayer is a layer that is not compressed in the archive.
type plainLayer struct{ layer *archivedLayer }

// DiffID returns the digest of the layer.
func (p plainLayer) DiffID() (v1.Hash, error) { return p.layer.DiffID() }

// MediaType returns that of the layer once it is compressed.
func (p plainLayer) MediaType() (types.MediaType, error) { return p.layer.MediaType() }

// Uncompressed opens the layer. Its end comes only if it has the digest.
func (p plainLayer) Uncompressed() (io.ReadCloser, error) {
	content, err := p.layer.Compressed()
	if err != nil {
		return nil, err
	}
	return newVerified(content, v1.Descriptor{Digest: p.layer.diffID})
}
