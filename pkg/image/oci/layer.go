package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/otlpctl/otlpctl/pkg/image"
	"github.com/otlpctl/otlpctl/pkg/image/rootfs"
)

// layer is a layer in memory.
type layer struct {
	packed         []byte
	digest, diffID v1.Hash
}

// newLayer packs entries in their order. The same entries give the same bytes on every machine.
func newLayer(ctx context.Context, entries []rootfs.Entry, created time.Time) (*layer, error) {
	plain, err := archive(entries, created)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	compressor := gzip.NewWriter(&packed) // its header has no name and no time
	if _, err := io.Copy(compressor, image.Cancellable(ctx, bytes.NewReader(plain))); err != nil {
		return nil, err
	}
	if err := compressor.Close(); err != nil {
		return nil, err
	}
	l := &layer{packed: packed.Bytes()}
	if l.diffID, _, err = v1.SHA256(bytes.NewReader(plain)); err != nil {
		return nil, err
	}
	l.digest, _, err = v1.SHA256(bytes.NewReader(l.packed))
	return l, err
}

func archive(entries []rootfs.Entry, created time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: strings.TrimPrefix(e.Path, "/"), Size: int64(len(e.Data)),
			Mode: unixMode(e.Mode), Uid: e.ID, Gid: e.ID, ModTime: created, Format: tar.FormatUSTAR,
		}
		if e.Mode.IsDir() {
			header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.Data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// unixMode returns a mode as the kernel writes it.
func unixMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

// Digest returns the digest of the layer as it is moved.
func (l *layer) Digest() (v1.Hash, error) { return l.digest, nil }

// DiffID returns the digest of the layer as it is unpacked.
func (l *layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Compressed returns the layer as it is moved.
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.packed)), nil
}

// Uncompressed returns the layer as a tar archive.
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	return gzip.NewReader(bytes.NewReader(l.packed))
}

// Size returns the size of the layer as it is moved.
func (l *layer) Size() (int64, error) { return int64(len(l.packed)), nil }

// MediaType returns the type of the layer.
func (*layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
