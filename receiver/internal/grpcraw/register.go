package grpcraw

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"google.golang.org/grpc/encoding"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
)

// The bytes that stand in front of a compressed message between a compressor and
// the codec. Both are tags of wire type 7.
const (
	MarkGzip byte = 0<<3 | 7
	MarkZstd byte = 1<<3 | 7
)

// mark returns the byte for an algorithm other than None.
func mark(a compression.Algorithm) byte {
	if a == compression.Gzip {
		return MarkGzip
	}
	return MarkZstd
}

// marked returns the algorithm that a message's first byte says, or None.
func marked(first byte) compression.Algorithm {
	switch first {
	case MarkGzip:
		return compression.Gzip
	case MarkZstd:
		return compression.Zstd
	default:
		return compression.None
	}
}

var registration sync.Once //nolint:gochecknoglobals // grpc-go's registry, which it guards, is global itself

// Register makes the compressors "gzip" and "zstd" of this package those of the
// process. Whoever makes a server or a client that uses Codec calls it before;
// only the first call has an effect. grpc-go's registry has no lock, so that the
// first call must not run beside other gRPC traffic.
func Register() {
	registration.Do(func() {
		for _, a := range []compression.Algorithm{compression.Gzip, compression.Zstd} {
			packer, err := compression.NewPacker(a, compression.Fast)
			if err != nil {
				panic(err) // unreachable: every algorithm has that level
			}
			encoding.RegisterCompressor(&compressor{packer})
		}
	})
}

// compressor passes on what is compressed already, both ways.
type compressor struct{ packer *compression.Packer }

func (c *compressor) Name() string { return c.packer.Algorithm().String() }

func (c *compressor) Compress(w io.Writer) (io.WriteCloser, error) {
	return &sender{w: w, packer: c.packer}, nil
}

func (c *compressor) Decompress(r io.Reader) (io.Reader, error) {
	return &receiver{r: r, mark: mark(c.packer.Algorithm())}, nil
}

// sender writes one message. The first byte decides whether it is compressed already.
type sender struct {
	w       io.Writer
	packer  *compression.Packer
	started bool
	encoder io.WriteCloser // nil for a message that is compressed already
}

var errOtherCoding = errors.New("grpcraw: the message is not compressed the way that the call names")

func (s *sender) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	skip := 0
	if !s.started {
		s.started = true
		switch marked(b[0]) {
		case s.packer.Algorithm():
			skip = 1
		case compression.None:
			var err error
			if s.encoder, err = s.packer.Writer(s.w); err != nil {
				return 0, err
			}
		default:
			return 0, errOtherCoding
		}
	}
	switch {
	case s.encoder != nil:
		return s.encoder.Write(b)
	case len(b) == skip:
		return skip, nil // grpc-go would make a buffer of nothing
	}
	n, err := s.w.Write(b[skip:])
	return n + skip, err
}

func (s *sender) Close() error {
	if s.encoder == nil {
		return nil
	}
	if err := s.encoder.Close(); err != nil {
		return fmt.Errorf("compress with %s: %w", s.packer.Algorithm(), err)
	}
	return nil
}

// receiver reads a compressed message behind its mark. It is an io.Reader and
// nothing more: grpc-go bounds a message's size by limiting Read.
type receiver struct {
	r      io.Reader
	mark   byte
	marked bool
}

func (r *receiver) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if r.marked {
		return r.r.Read(b)
	}
	r.marked = true
	b[0] = r.mark
	n, err := r.r.Read(b[1:])
	return n + 1, err
}
