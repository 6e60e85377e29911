package otlphttp

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"google.golang.org/grpc/mem"
)

// upload is the body of a request. It has references of its own, because
// net/http may still read it when the request has ended, and gives them up when
// it is closed, which HTTP/2 does beside a Read.
type upload struct {
	mu     sync.Mutex
	reader *mem.Reader // nil once closed
}

var _ io.ReadCloser = (*upload)(nil)

func newUpload(data mem.BufferSlice) *upload { return &upload{reader: data.Reader()} }

var errUploadClosed = errors.New("read of a closed request body")

func (u *upload) Read(b []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reader == nil {
		return 0, errUploadClosed
	}
	return u.reader.Read(b)
}

func (u *upload) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reader == nil {
		return nil
	}
	err := u.reader.Close()
	u.reader = nil
	return err
}

// take returns what is not read yet, and a function that gives it up. The upload
// is at its end then.
func (u *upload) take() (rest net.Buffers, free func() error, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.reader == nil {
		return nil, nil, errUploadClosed
	}
	taken := u.reader
	u.reader = mem.BufferSlice(nil).Reader()
	if rest, err = taken.Peek(taken.Remaining(), nil); err != nil {
		return nil, nil, errors.Join(err, taken.Close())
	}
	return rest, taken.Close, nil
}

// conn is a connection that sends the parts of an upload as they are, all with
// one system call where the system can. net/http would copy them through a
// buffer of 32 KiB that it makes for each request.
type conn struct{ net.Conn }

// dial wraps the connections that a dialer makes.
func dial(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return conn{c}, nil
	}
}

// ReadFrom is how net/http writes a body to a connection without TLS.
func (c conn) ReadFrom(r io.Reader) (int64, error) {
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		return io.Copy(c.Conn, r)
	}
	u, ok := limited.R.(*upload)
	if !ok {
		return io.Copy(c.Conn, r)
	}
	rest, free, err := u.take()
	if err != nil {
		return 0, err
	}
	n, err := rest.WriteTo(c.Conn)
	limited.N -= n
	return n, errors.Join(err, free())
}
