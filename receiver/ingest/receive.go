package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/receiver/internal/compression"
)

// messageStream is what the server side of a gRPC stream can do below
// grpc.ServerStream. grpc-go's RecvMsg takes a message of any permitted size into
// memory before anybody learns how long it is. Read through this interface, the
// length comes first, a message is admitted before it is read, and what arrives
// is moved at once to its place in one buffer, so that flow control holds the
// client back while there is no room.
type messageStream interface {
	ReadMessageHeader(header []byte) error
	Read(n int) (mem.BufferSlice, error)
	RecvCompress() string
	WriteStatus(st *status.Status) error
}

// streamOf returns the transport's stream below a call. That grpc-go's own has
// these methods is what the tests of the gRPC server depend on.
func streamOf(ctx context.Context) (messageStream, error) {
	if s, ok := grpc.ServerTransportStreamFromContext(ctx).(messageStream); ok {
		return s, nil
	}
	return nil, fail(internal, "the gRPC transport does not let messages be read")
}

const (
	// receiveTimeout is how long a message may take to arrive. The Collector has
	// no key for it, and nothing else ends a call whose client has set no deadline.
	receiveTimeout = 2 * time.Minute
	// frames is how much is taken from the stream at a time.
	frames = 256 << 10
	// messageHeader is a flag and a length.
	messageHeader = 5
)

// receipt ends the receiving of one message in time. It is reused, together with
// its timer, as long as the timer did not fire.
type receipt struct {
	stream messageStream
	timer  *time.Timer
	armed  bool
	fired  bool // the timer's function has begun
	header [messageHeader]byte
}

// start gives the stream a time by which its message must be there.
func (r *receipt) start(s messageStream, within time.Duration) {
	r.stream, r.armed = s, true
	if r.timer == nil {
		r.timer = time.AfterFunc(within, r.expire)
		return
	}
	r.timer.Reset(within)
}

// stop ends the wait. A receipt whose timer has fired must not be used again.
func (r *receipt) stop() { r.armed, r.fired = false, !r.timer.Stop() }

// expire ends the stream under the handler, whose Read then fails.
func (r *receipt) expire() {
	_ = r.stream.WriteStatus(status.FromProto(tooSlow().status())) // nothing is left to be done for the client
}

func tooSlow() *fault {
	return &fault{cause: slow, message: "the request did not arrive within " + receiveTimeout.String()}
}

// receive reads the call's message into c.body.
func (c *call) receive(s messageStream) error {
	if c.receipt == nil {
		c.receipt = new(receipt)
	}
	c.receipt.start(s, receiveTimeout)
	err := c.message(s, c.receipt.header[:])
	c.receipt.stop()
	var refused *fault
	switch {
	case err == nil, errors.As(err, &refused):
		return err
	case c.receipt.fired:
		return tooSlow()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fail(malformed, "the message is cut off")
	default:
		return fail(aborted, "the message cannot be read: %s", err)
	}
}

func (c *call) message(s messageStream, header []byte) error {
	switch err := s.ReadMessageHeader(header); {
	case errors.Is(err, io.EOF):
		return fail(malformed, "the call has no message")
	case err != nil:
		return err
	}
	size := int(binary.BigEndian.Uint32(header[1:]))
	if err := c.fits(size); err != nil {
		return err
	}
	switch header[0] {
	case 0:
	case 1:
		var err error
		if c.coding, err = compression.Parse(s.RecvCompress()); err != nil || c.coding == compression.None {
			return fail(badCompression, "the message is compressed, but grpc-encoding is %q", s.RecvCompress())
		}
	default:
		return fail(malformed, "the message has flags %#x", header[0])
	}
	if err := c.frames(s, size); err != nil {
		return err
	}
	switch err := s.ReadMessageHeader(header); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	default:
		return fail(malformed, "the call has more than one message")
	}
}

// frames moves the message's bytes to c.body as they come.
func (c *call) frames(s messageStream, size int) error {
	if err := c.body.grow(c, min(size, trusted)); err != nil {
		return err
	}
	for have := 0; have < size; {
		if have == cap(*c.body.buf) {
			if err := c.body.grow(c, growth(have, size, c.limit)); err != nil {
				return err
			}
		}
		parts, err := s.Read(min(size-have, cap(*c.body.buf)-have, frames))
		if err != nil {
			return err
		}
		for _, part := range parts {
			*c.body.buf = append(*c.body.buf, part.ReadOnlyData()...)
		}
		parts.Free()
		have = len(*c.body.buf)
	}
	return nil
}
