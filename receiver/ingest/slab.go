package ingest

import (
	"errors"
	"io"

	"google.golang.org/grpc/mem"
)

// slab is the one contiguous buffer that a request, or one form of it, is
// gathered in. It grows within a limit and the request's reservation, and is
// empty when it is zero.
type slab struct {
	buf *[]byte
}

const (
	// smallest keeps buffers above the size that mem.NewBuffer leaves to the
	// garbage collector.
	smallest = 1<<10 + 1
	// trusted is how much is set aside because a client says that it will send so
	// much. Beyond it, a buffer grows with what has arrived: a client that
	// announces 64 MiB and sends nothing holds no memory and no budget.
	trusted = 1 << 20
)

// bytes returns what is in the slab.
func (s *slab) bytes() []byte {
	if s.buf == nil {
		return nil
	}
	return *s.buf
}

// grow makes room for want bytes in all, keeping what is there.
func (s *slab) grow(c *call, want int) error {
	have := s.bytes()
	if want <= cap(have) && s.buf != nil {
		return nil
	}
	if err := c.held.check(want); err != nil {
		return err
	}
	next := c.in.pool.Get(max(want, smallest))
	if err := c.held.grow(cap(*next)); err != nil {
		c.in.pool.Put(next)
		return err
	}
	*next = (*next)[:copy(*next, have)]
	s.free(c)
	s.buf = next
	return nil
}

// free empties the slab.
func (s *slab) free(c *call) {
	if s.buf == nil {
		return
	}
	c.held.shrink(cap(*s.buf))
	c.in.pool.Put(s.buf)
	s.buf = nil
}

// fill appends what r holds, up to its end, or until total bytes are there if
// total is not negative. It fails with errOverLimit as soon as there are more
// than limit. hint is how many bytes to expect.
func (s *slab) fill(c *call, r io.Reader, total, hint, limit int) error {
	next := min(max(hint, 1), limit+1)
	for {
		if err := s.grow(c, next); err != nil {
			return err
		}
		b := *s.buf
		n, err := r.Read(b[len(b):min(cap(b), limit+1)])
		b = b[:len(b)+n]
		*s.buf = b
		switch {
		case len(b) > limit:
			return errOverLimit
		case len(b) == total:
			return nil
		case errors.Is(err, io.EOF) && total < 0:
			return nil
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		case len(b) == cap(b):
			next = growth(len(b), total, limit)
		}
	}
}

var errOverLimit = errors.New("larger than the limit")

// growth returns the next size of a slab that is full.
func growth(size, total, limit int) int {
	if total >= 0 {
		return min(4*size, total) // that much will come: fewer copies
	}
	return min(2*size, limit+1)
}

// detach gives the content away as a reference-counted buffer. The reservation
// still covers it until the request ends; then it belongs to the queues.
func (s *slab) detach(c *call) mem.Buffer {
	b := s.buf
	if cap(*b) > 2*max(len(*b), smallest) {
		// It may stay in a queue for long: do not hold memory that nobody uses.
		right := c.in.pool.Get(max(len(*b), smallest))
		*right = (*right)[:copy(*right, *b)]
		c.in.pool.Put(b)
		b = right
	}
	s.buf = nil
	return mem.NewBuffer(b, c.in.pool)
}
