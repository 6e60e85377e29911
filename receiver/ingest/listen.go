package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// ListenError says which endpoint a Server cannot listen on.
type ListenError struct {
	// Receiver is the name of the Server.
	Receiver  string
	Transport Transport
	Endpoint  string
	Err       error
}

func (e *ListenError) Error() string {
	return fmt.Sprintf("receiver %s: listen on %s for %s: %v", e.Receiver, e.Endpoint, e.Transport, e.cause())
}

func (e *ListenError) Unwrap() error { return e.Err }

// Hint says what to do about it, or nothing.
func (e *ListenError) Hint() string {
	_, port, _ := net.SplitHostPort(e.Endpoint)
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE) && port == "":
		return "another process listens there, or it is a file: remove it if nothing uses it"
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return "another process listens there, perhaps a Collector or another otlpctl: 'ss -ltnp sport = :" + port + "' names it"
	case errors.Is(e.Err, syscall.EACCES):
		return "ports below 1024 need a privilege (CAP_NET_BIND_SERVICE): choose a higher one"
	case errors.Is(e.Err, syscall.EADDRNOTAVAIL):
		return "the address belongs to no interface of this machine: 0.0.0.0 stands for all of them"
	}
	return ""
}

// cause is the error without the operation and the address, which stand before it.
func (e *ListenError) cause() error {
	if op, ok := errors.AsType[*net.OpError](e.Err); ok {
		return op.Err
	}
	return e.Err
}

// listen opens a listener whose connections are counted in open.
func listen(ctx context.Context, transport, endpoint string, open *atomic.Int64) (*listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, transport, endpoint)
	if errors.Is(err, syscall.EADDRINUSE) && transport == "unix" && abandoned(ctx, endpoint) && os.Remove(endpoint) == nil {
		l, err = new(net.ListenConfig).Listen(ctx, transport, endpoint)
	}
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, open: open, conns: map[*conn]struct{}{}}, nil
}

// abandoned reports whether path is a socket on which nobody listens: what a
// process leaves behind that was killed, and what would keep it from starting again.
func abandoned(ctx context.Context, path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return false
	}
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// listener knows its open connections, so that they can be counted and, when a
// shutdown may wait no longer, closed in whatever state they are.
type listener struct {
	net.Listener

	open  *atomic.Int64
	mu    sync.Mutex
	conns map[*conn]struct{}
}

// Accept returns the next connection.
func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, from: l}
	c.prepare()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	l.open.Add(1)
	return c, nil
}

// cut closes every connection.
func (l *listener) cut() {
	l.mu.Lock()
	var all []*conn
	for c := range l.conns {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		_ = c.Close() // it is gone either way
	}
}

// conn is a connection of a listener.
type conn struct {
	net.Conn

	from   *listener
	closed sync.Once
	ready  readiness
}

// Close closes the connection.
func (c *conn) Close() error {
	c.closed.Do(func() {
		c.from.mu.Lock()
		defer c.from.mu.Unlock()
		delete(c.from.conns, c)
		c.from.open.Add(-1)
	})
	return c.Conn.Close()
}

// CloseWrite ends what is sent, while the client may go on. net/http calls it
// before it closes a connection with a request that it has not read to its end:
// the reset that follows can reach the client before it has read the answer.
func (c *conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}
