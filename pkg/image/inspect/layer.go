package inspect

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// What the files of one image may have. They are kept in memory by name.
const (
	maxFiles = 1 << 20
	maxNames = 128 << 20 // bytes
	maxPath  = 4096      // bytes, as Linux has it
)

// How a layer says that a file, or all that was in a folder, is gone.
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq"
)

// entry is a file in a layer. Paths have no slash in front.
type entry struct {
	path     string
	kind     byte // as in a tar
	size     int64
	mode     int64
	uid, gid int
	time     time.Time
	target   string // of a link
	// sum is the digest of the content if that was asked for.
	sum [sha256.Size]byte
	// key says that there is a private key in it.
	key bool
}

func (e entry) isFolder() bool { return e.kind == tar.TypeDir }

// scanned is what is in a layer.
type scanned struct {
	entries []entry
	// gone are files of the layers below, and cleared the folders of which nothing from there is left.
	gone, cleared []string
	unpacked      int64
	files         int
}

// scanner reads layers, within the bounds that all of an image have together.
type scanner struct {
	// sums says whether the content of files counts.
	sums         bool
	files, names int
}

// scan reads a layer to its end, so that its digests are checked as well.
func (s *scanner) scan(layer v1.Layer, diffID v1.Hash) (found scanned, err error) {
	sum, err := v1.Hasher(diffID.Algorithm)
	if err != nil {
		return found, err
	}
	content, err := layer.Uncompressed()
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	read := io.TeeReader(content, sum)
	if err := s.entries(read, &found); err != nil {
		return found, err
	}
	if _, err := io.Copy(io.Discard, read); err != nil {
		return found, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != diffID.Hex {
		return found, fmt.Errorf("its content has the digest %s:%s, and the configuration says %s", diffID.Algorithm, got, diffID)
	}
	return found, nil
}

func (s *scanner) entries(r io.Reader, found *scanned) error {
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := s.count(h); err != nil {
			return err
		}
		if err := s.add(h, archive, found); err != nil {
			return err
		}
	}
}

// count keeps the bounds.
func (s *scanner) count(h *tar.Header) error {
	s.files++
	s.names += len(h.Name) + len(h.Linkname)
	switch {
	case len(h.Name) > maxPath || len(h.Linkname) > maxPath:
		return fmt.Errorf("a path of more than %d bytes", maxPath)
	case s.files > maxFiles || s.names > maxNames:
		return fmt.Errorf("more than %d files, or names of more than %d MiB", maxFiles, maxNames>>20)
	}
	return nil
}

func (s *scanner) add(h *tar.Header, content io.Reader, found *scanned) error {
	at := cleaned(h.Name)
	folder, base := path.Split(at)
	switch {
	case base == opaque:
		found.cleared = append(found.cleared, strings.TrimSuffix(folder, "/"))
		return nil
	case strings.Contains("/"+at, "/"+whiteout+whiteout): // what a storage driver keeps for itself
		return nil
	case strings.HasPrefix(base, whiteout):
		found.gone = append(found.gone, folder+strings.TrimPrefix(base, whiteout))
		return nil
	}
	e := entry{
		path: at, kind: h.Typeflag, size: h.Size, mode: h.Mode & 0o7777,
		uid: h.Uid, gid: h.Gid, time: h.ModTime, target: h.Linkname,
	}
	switch h.Typeflag {
	case tar.TypeReg:
		found.unpacked += h.Size
		if err := s.look(&e, content); err != nil {
			return err
		}
	case tar.TypeLink:
		e.target, e.size = cleaned(h.Linkname), 0
	default:
		e.size = 0
	}
	if !e.isFolder() {
		found.files++
	}
	found.entries = append(found.entries, e)
	return nil
}

// look reads the content of a file as far as it is needed.
func (s *scanner) look(e *entry, content io.Reader) error {
	if mayHoldKey(e.path) {
		head, err := io.ReadAll(io.LimitReader(content, maxKey))
		if err != nil {
			return err
		}
		e.key = bytes.Contains(head, []byte("PRIVATE KEY-----"))
		content = io.MultiReader(bytes.NewReader(head), content)
	}
	if !s.sums {
		return nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return err
	}
	sum.Sum(e.sum[:0])
	return nil
}

// maxKey is how much of a file is looked at for a private key, in bytes.
const maxKey = 64 << 10

func mayHoldKey(at string) bool {
	switch strings.ToLower(path.Ext(at)) {
	case ".pem", ".key":
		return true
	}
	return false
}

// cleaned makes the names of the same file equal, wherever they lead.
func cleaned(name string) string { return path.Clean("/" + name)[1:] }

// readFile returns a file of a layer, if it is not larger than max bytes. The last one of that name
// counts.
func readFile(layer v1.Layer, at string, limit int64) (data []byte, err error) {
	content, err := layer.Uncompressed()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	archive := tar.NewReader(content)
	for {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return data, nil
		case err != nil:
			return nil, err
		case h.Typeflag != tar.TypeReg || cleaned(h.Name) != at:
			continue
		case h.Size > limit:
			return nil, fmt.Errorf("%s has more than %d MiB", at, limit>>20)
		}
		if data, err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}
