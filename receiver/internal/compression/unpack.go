package compression

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// zstdMaxWindow is the largest window that a decoder accepts, which is memory
// that it takes before it has seen any data: what RFC 8878 (3.1.1.1.2) asks for.
const zstdMaxWindow = 8 << 20

// ErrTooLarge is what Unpack returns for data that is larger than the limit.
var ErrTooLarge = errors.New("larger than the limit")

// Unpacker decompresses small messages, such as responses, up to a limit.
// It reuses decoders and is safe for concurrent use.
type Unpacker struct {
	// Limit is the most bytes that Unpack returns.
	Limit int

	gzips sync.Pool
	zstds sync.Pool
}

// Unpack returns what r holds, decompressed, as a slice of the caller's own. It
// returns ErrTooLarge as soon as there is more than the limit, and never reads
// or holds much more than that. Gzip may have several members.
func (u *Unpacker) Unpack(a Algorithm, r io.Reader) ([]byte, error) {
	switch a {
	case Gzip:
		return u.gunzip(r)
	case Zstd:
		return u.unzstd(r)
	default:
		return u.read(r)
	}
}

// read returns all of r up to the limit.
func (u *Unpacker) read(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	_, err := b.ReadFrom(io.LimitReader(r, int64(u.Limit)+1))
	switch {
	case b.Len() > u.Limit:
		return nil, ErrTooLarge
	case err != nil:
		return nil, err
	}
	return b.Bytes(), nil
}

func (u *Unpacker) gunzip(r io.Reader) ([]byte, error) {
	z, ok := u.gzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer u.gzips.Put(z)
	err := z.Reset(r)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // nothing at all is not a gzip member
	}
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	b, err := u.read(z)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return b, err
}

func (u *Unpacker) unzstd(r io.Reader) ([]byte, error) {
	z, ok := u.zstds.Get().(*zstd.Decoder)
	if !ok {
		var err error
		if z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdMaxWindow), zstd.WithDecodeBuffersBelow(0)); err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
	}
	defer u.zstds.Put(z)
	if err := z.Reset(r); err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	b, err := u.read(z)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return b, err
}
