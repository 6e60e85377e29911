package sink

import (
	"io"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/encoding"
)

// RegisterZstd teaches grpc-go's process-wide registry the zstd coding. Call it once, before anything is served.
func RegisterZstd() { encoding.RegisterCompressor(zstdCoding{}) }

type zstdCoding struct{}

func (zstdCoding) Name() string { return "zstd" }

func (zstdCoding) Compress(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
}

func (zstdCoding) Decompress(r io.Reader) (io.Reader, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}
