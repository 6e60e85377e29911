package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
)

// inflater decompresses whole messages with decoders that it keeps.
type inflater struct {
	gzips sync.Pool // *gunzipper
	zstds sync.Pool // *unzstder
}

type gunzipper struct {
	source bytes.Reader
	z      gzip.Reader
}

type unzstder struct {
	source bytes.Reader
	z      *zstd.Decoder
}

// maxWindow is the largest zstd window that is accepted: what RFC 8878
// (3.1.1.1.2) asks decoders for and encoders not to exceed. The decoder takes
// that much memory before it has seen any data.
const maxWindow = 8 << 20

// inflate fills c.plain with the content of c.body. lone says that the body is a
// single gzip member, which may be sent on in place of what is in it.
func (in *inflater) inflate(c *call) (lone bool, err error) {
	switch {
	case len(c.body.bytes()) == 0:
		err = io.ErrUnexpectedEOF // neither a gzip member nor a zstd frame
	case c.coding == compression.Gzip:
		lone, err = in.gunzip(c)
	default:
		err = in.unzstd(c)
	}
	var refused *fault
	switch {
	case err == nil:
		return lone, nil
	case errors.Is(err, errOverLimit):
		return false, tooLarge("the request is larger than %d bytes after decompression", c.limit)
	case errors.As(err, &refused):
		return false, err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return false, fail(badCompression, "the %s data is cut off", c.coding)
	default:
		return false, fail(badCompression, "the %s data is invalid: %s", c.coding, err)
	}
}

// gunzip reads every member of the body. What follows the last one must be
// another one: nothing that a client sends is dropped in silence.
func (in *inflater) gunzip(c *call) (lone bool, err error) {
	g, ok := in.gzips.Get().(*gunzipper)
	if !ok {
		g = new(gunzipper)
	}
	defer in.gzips.Put(g)
	b := c.body.bytes()
	g.source.Reset(b)
	defer g.source.Reset(nil)
	hint := gzipHint(b)
	for members := 1; ; members++ {
		if err := g.z.Reset(&g.source); err != nil {
			if members > 1 {
				err = fmt.Errorf("more data behind the end: %w", err)
			}
			return false, err
		}
		g.z.Multistream(false)
		if err := c.plain.fill(c, &g.z, -1, hint, c.limit); err != nil {
			return false, err
		}
		if g.source.Len() == 0 {
			return members == 1, nil
		}
		hint = len(c.plain.bytes()) + 1
	}
}

// gzipHint returns how much to expect in the gzip member b: what its last four
// bytes say, unless that is an unlikely ratio for telemetry.
func gzipHint(b []byte) int {
	if len(b) < 18 {
		return smallest
	}
	const likely = 32
	return min(int(binary.LittleEndian.Uint32(b[len(b)-4:])), likely*len(b)) + 1
}

func (in *inflater) unzstd(c *call) error {
	u, ok := in.zstds.Get().(*unzstder)
	if !ok {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecodeBuffersBelow(0))
		if err != nil {
			return err
		}
		u = &unzstder{z: z}
	}
	defer in.zstds.Put(u)
	b := c.body.bytes()
	u.source.Reset(b)
	defer u.source.Reset(nil)
	var h zstd.Header
	if h.Decode(b) != nil {
		h = zstd.Header{} // the decoder says what is wrong
	}
	// The decoder's own memory counts as long as it is at work on this request.
	window := zstdWindow(&h)
	if err := c.held.grow(window); err != nil {
		return err
	}
	defer c.held.shrink(window)
	if err := u.z.Reset(&u.source); err != nil {
		return err
	}
	return c.plain.fill(c, u.z, -1, zstdHint(&h, len(b)), c.limit)
}

// zstdWindow returns how much memory the decoder takes for a frame before it has
// seen any data.
func zstdWindow(h *zstd.Header) int {
	size := h.WindowSize
	if h.SingleSegment {
		size = h.FrameContentSize
	}
	return int(min(size, maxWindow)) //nolint:gosec // at most maxWindow
}

// zstdHint returns how much to expect in a zstd frame of so many bytes.
func zstdHint(h *zstd.Header, size int) int {
	const likely = 32
	if !h.HasFCS || h.FrameContentSize > uint64(likely*size) { //nolint:gosec // a length
		return 4 * size
	}
	return int(h.FrameContentSize) + 1 //nolint:gosec // at most likely*size
}
