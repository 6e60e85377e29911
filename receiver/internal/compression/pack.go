package compression

import (
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/mem"
)

// zstdWindow bounds how far back zstd looks, and with it the memory of encoder
// and decoder. Requests are rarely larger.
const zstdWindow = 512 << 10

// encoder is what gzip and zstd writers have in common.
type encoder interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// Packer compresses with one algorithm and level, reusing encoders.
// It is safe for concurrent use.
type Packer struct {
	algorithm Algorithm
	level     int
	encoders  sync.Pool
}

// NewPacker returns a Packer for an algorithm other than None. It fails if the
// algorithm does not have the level.
func NewPacker(a Algorithm, level int) (*Packer, error) {
	if a == None || !a.ValidLevel(level) {
		return nil, fmt.Errorf("%s has no compression level %d", a, level)
	}
	return &Packer{algorithm: a, level: level}, nil
}

// Algorithm returns the algorithm that the Packer compresses with.
func (p *Packer) Algorithm() Algorithm { return p.algorithm }

// Append compresses the parts, one behind the other, to a single gzip member or
// zstd frame and appends it to out in buffers from pool, which the caller frees.
func (p *Packer) Append(out mem.BufferSlice, pool mem.BufferPool, parts ...mem.Buffer) (mem.BufferSlice, error) {
	total := 0
	for _, part := range parts {
		total += part.Len()
	}
	s := sink{out: out, pool: pool, next: firstChunk(total)}
	w, err := p.Writer(&s)
	if err != nil {
		return out, err
	}
	for _, part := range parts {
		if _, err := w.Write(part.ReadOnlyData()); err != nil {
			s.free(len(out))
			return out, fmt.Errorf("compress with %s: %w", p.algorithm, err)
		}
	}
	if err := w.Close(); err != nil {
		s.free(len(out))
		return out, fmt.Errorf("compress with %s: %w", p.algorithm, err)
	}
	return s.finish(), nil
}

// Writer returns a writer that compresses to w. Closing it ends the member or
// frame and gives the encoder back; it must not be used afterwards.
func (p *Packer) Writer(w io.Writer) (io.WriteCloser, error) {
	e, ok := p.encoders.Get().(encoder)
	if !ok {
		var err error
		if e, err = p.newEncoder(); err != nil {
			return nil, err
		}
	}
	e.Reset(w)
	return &writer{encoder: e, owner: p}, nil
}

func (p *Packer) newEncoder() (encoder, error) {
	if p.algorithm == Zstd {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstdLevel(p.level)),
			zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindow), zstd.WithEncoderCRC(false))
	}
	level := p.level
	if level == Fast {
		level = gzip.BestSpeed
	}
	return gzip.NewWriterLevel(nil, level)
}

func zstdLevel(level int) zstd.EncoderLevel {
	switch level {
	case Fast:
		return zstd.SpeedFastest
	case Balanced:
		return zstd.SpeedDefault
	default:
		return zstd.EncoderLevelFromZstd(level)
	}
}

// writer gives its encoder back when it is closed.
type writer struct {
	encoder encoder
	owner   *Packer
}

func (w *writer) Write(b []byte) (int, error) { return w.encoder.Write(b) }

func (w *writer) Close() error {
	err := w.encoder.Close()
	w.encoder.Reset(nil) // do not keep what was written to alive
	w.owner.encoders.Put(w.encoder)
	w.encoder = nil
	return err
}
