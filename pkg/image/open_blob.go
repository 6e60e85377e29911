package image

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// maxDocument bounds a manifest, an index and a configuration, in bytes: it is what registries accept.
const maxDocument = 4 << 20

// How compressed files begin.
const (
	gzipMagic = "\x1f\x8b"
	zstdMagic = "\x28\xb5\x2f\xfd"
)

func hasMagic(head, magic string) bool { return strings.HasPrefix(head, magic) }

// readDocument reads a small file of a store.
func readDocument(s store, name string) ([]byte, error) {
	r, size, err := s.open(name)
	if err != nil {
		return nil, missing(s, name, err)
	}
	defer r.Close()
	if size > maxDocument {
		return nil, tooLarge(name, size)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxDocument))
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", s.name(), name, err)
	}
	return data, nil
}

func tooLarge(name string, size int64) error {
	return fmt.Errorf("%s has %d bytes: more than %d MiB is no document of an image", name, size, maxDocument>>20)
}

// missing says that a store lacks a file.
func missing(s store, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return hinted.New(fmt.Errorf("%s: %s is missing", s.name(), name), "the image is incomplete: get it again")
	}
	return fmt.Errorf("%s: %w", s.name(), err)
}

// decode reads a document of an image as JSON.
func decode(data []byte, what string, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return hinted.New(fmt.Errorf("%s is damaged: %w", what, err), "get the image again")
	}
	return nil
}

// blobName returns where a layout has a blob. A hash holds hexadecimal digits only: it leads nowhere else.
func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// openBlob returns a blob of a layout. Reading it to its end fails if it is not what its digest says.
func openBlob(s store, d v1.Descriptor) (io.ReadCloser, error) {
	if d.Data != nil {
		return newVerified(io.NopCloser(bytes.NewReader(d.Data)), d)
	}
	r, size, err := s.open(blobName(d.Digest))
	if err != nil {
		return nil, missing(s, blobName(d.Digest), err)
	}
	if size != d.Size {
		_ = r.Close() // nothing was read
		return nil, damaged(d.Digest, fmt.Sprintf("it has %d bytes, and should have %d", size, d.Size))
	}
	return newVerified(r, d)
}

// readBlob reads a blob of a layout that is a document.
func readBlob(s store, d v1.Descriptor) ([]byte, error) {
	if d.Size > maxDocument {
		return nil, tooLarge(d.Digest.String(), d.Size)
	}
	r, err := openBlob(s, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name(), err)
	}
	return data, nil
}

// verified is content that must have a digest. The error comes in place of the end.
type verified struct {
	io.ReadCloser
	sum  hash.Hash
	want v1.Hash
}

func newVerified(r io.ReadCloser, d v1.Descriptor) (io.ReadCloser, error) {
	sum, err := v1.Hasher(d.Digest.Algorithm)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &verified{r, sum, d.Digest}, nil
}

// Read reads on, and checks the digest at the end.
func (v *verified) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.sum.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if got := hex.EncodeToString(v.sum.Sum(nil)); got != v.want.Hex {
			return n, damaged(v.want, "its content has the digest "+v.want.Algorithm+":"+got)
		}
	}
	return n, err
}

func damaged(h v1.Hash, why string) error {
	return hinted.New(fmt.Errorf("blob %s is damaged: %s", h, why), "get the image again")
}
