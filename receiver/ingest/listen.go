package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/otlpctl/otlpctl/receiver/internal/socket"
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

// Open opens a socket for a Server to listen on.
func Open(ctx context.Context, at socket.Address) (*socket.Socket, error) {
	return open(ctx, at, os.Remove)
}

// open opens a socket. remove makes way for it where a killed process left one.
func open(ctx context.Context, at socket.Address, remove func(path string) error) (*socket.Socket, error) {
	s, err := socket.Listen(ctx, at)
	if errors.Is(err, syscall.EADDRINUSE) && at.Network == "unix" && abandoned(ctx, at.Address) && remove(at.Address) == nil {
		return socket.Listen(ctx, at)
	}
	return s, err
}

// OpenTrial opens a socket as Open does. Closing it leaves no trace: what Open
// would have removed is at its place again.
func OpenTrial(ctx context.Context, at socket.Address) (*socket.Socket, error) {
	restore := func() error { return nil }
	s, err := open(ctx, at, func(path string) error {
		back, err := setAside(path)
		if err == nil {
			restore = back
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, restore())
	}
	s.AfterClose = restore
	return s, nil
}

// setAside takes a file out of the way until the returned function is called. By
// then there may be another one, which stays.
func setAside(path string) (restore func() error, err error) {
	folder, err := os.MkdirTemp(filepath.Dir(path), ".otlpctl-trial-*")
	if err != nil {
		return nil, err
	}
	aside := filepath.Join(folder, "x")
	if err := os.Rename(path, aside); err != nil {
		return nil, errors.Join(err, os.Remove(folder))
	}
	return func() error {
		err := os.Link(aside, path)
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
		return errors.Join(err, os.Remove(aside), os.Remove(folder))
	}, nil
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
	*socket.Turn

	open  *atomic.Int64 // of all Servers that have taken turns
	mu    sync.Mutex
	conns map[*conn]struct{}
}

func newListener(t *socket.Turn, open *atomic.Int64) *listener {
	return &listener{Turn: t, open: open, conns: map[*conn]struct{}{}}
}

// Accept returns the next connection.
func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Turn.Accept()
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

// connections returns how many are open.
func (l *listener) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
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

	from    *listener
	closed  sync.Once
	settled atomic.Bool
	ready   readiness
}

// settle says once that the server has got hold of the connection.
func (c *conn) settle() {
	if !c.settled.Load() && c.settled.CompareAndSwap(false, true) {
		c.from.Settled()
	}
}

// Read reads from the connection.
func (c *conn) Read(b []byte) (int, error) {
	c.settle()
	return c.Conn.Read(b)
}

// Close closes the connection.
func (c *conn) Close() error {
	c.closed.Do(func() {
		c.from.mu.Lock()
		defer c.from.mu.Unlock()
		delete(c.from.conns, c)
		c.from.open.Add(-1)
	})
	c.settle()
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
