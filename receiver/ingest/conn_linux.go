package ingest

import (
	"errors"
	"io"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc/mem"
)

// userTimeout is how long a peer may leave what was sent to it unacknowledged:
// gRPC's default, which grpc-go sets on bare TCP connections only.
const userTimeout = 20 * time.Second

// readiness is a connection's way to wait for data before it has a buffer.
type readiness struct {
	raw  syscall.RawConn
	read func(fd uintptr) bool // made once: a closure for every read would be garbage

	// Of the read in progress.
	pool mem.BufferPool
	size int
	buf  *[]byte
	n    int
	err  error
}

// prepare sets what has to be set on a new connection.
func (c *conn) prepare() {
	sc, ok := c.Conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	c.ready.raw, c.ready.read = raw, c.ready.attempt
	_ = raw.Control(func(fd uintptr) {
		// It fails on sockets other than TCP's, which do without.
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(userTimeout/time.Millisecond)) //nolint:gosec // a file descriptor
	})
}

// ReadOnReady waits until there is data and only then takes a buffer of the given
// size to read it into. grpc-go calls it where a connection has it, so that
// connections that are idle hold no buffers; only one goroutine does at a time.
func (c *conn) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	c.settle()
	r := &c.ready
	if r.raw == nil {
		buf := pool.Get(size)
		n, err := c.Read(*buf)
		if n == 0 && err != nil {
			pool.Put(buf)
			return nil, 0, err
		}
		return buf, n, err
	}
	r.pool, r.size = pool, size
	err := r.raw.Read(r.read)
	buf, n := r.buf, r.n
	if err == nil {
		err = r.err
	}
	if err == nil && n == 0 {
		err = io.EOF
	}
	r.pool, r.buf, r.n, r.err = nil, nil, 0, nil
	if err != nil && buf != nil {
		pool.Put(buf)
		return nil, 0, err
	}
	return buf, n, err
}

// attempt reads once without blocking. It returns false to wait for data.
func (r *readiness) attempt(fd uintptr) bool {
	r.buf = r.pool.Get(r.size)
	for {
		r.n, r.err = syscall.Read(int(fd), *r.buf) //nolint:gosec // a file descriptor
		if !errors.Is(r.err, syscall.EINTR) {
			break
		}
	}
	if r.err == nil {
		return true
	}
	r.pool.Put(r.buf)
	r.buf, r.n = nil, 0
	return !errors.Is(r.err, syscall.EAGAIN)
}
