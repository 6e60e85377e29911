package oci

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/image"
)

// keep copies a layer of the base into a folder and returns the copy: it is read for its files, its size
// and when the image is written, and may come from a registry.
func keep(ctx context.Context, l v1.Layer, folder string) (v1.Layer, error) {
	mediaType, err := l.MediaType()
	if err != nil {
		return nil, err
	}
	size, err := l.Size()
	if err != nil {
		return nil, err
	}
	k := &keptLayer{Layer: l, mediaType: mediaType, size: size}
	if k.digest, err = l.Digest(); err != nil {
		return nil, err
	}
	k.file = filepath.Join(folder, k.digest.Hex)
	if err := k.copy(ctx); err != nil {
		return nil, err
	}
	return partial.CompressedToLayer(k)
}

// keptLayer is a layer in a file.
type keptLayer struct {
	Layer     v1.Layer
	file      string
	digest    v1.Hash
	size      int64
	mediaType types.MediaType
}

func (k *keptLayer) copy(ctx context.Context) (err error) {
	content, err := k.Layer.Compressed()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	file, err := os.Create(k.file)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, image.Cancellable(ctx, content))
	if err = errors.Join(err, file.Close()); errors.Is(err, syscall.ENOSPC) {
		return hinted.New(err, "make room there, or name another folder for temporary files with TMPDIR")
	}
	return err
}

// Digest returns the digest of the layer as it is moved.
func (k *keptLayer) Digest() (v1.Hash, error) { return k.digest, nil }

// DiffID returns the digest of the layer as it is unpacked.
func (k *keptLayer) DiffID() (v1.Hash, error) { return k.Layer.DiffID() }

// Size returns the size of the layer as it is moved.
func (k *keptLayer) Size() (int64, error) { return k.size, nil }

// MediaType returns the type of the layer.
func (k *keptLayer) MediaType() (types.MediaType, error) { return k.mediaType, nil }

// Compressed opens the copy.
func (k *keptLayer) Compressed() (io.ReadCloser, error) { return os.Open(k.file) }
