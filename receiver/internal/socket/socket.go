// Package socket lets servers take turns on a listening socket: a new one takes
// over from the one before it while the socket stays open, so that no connection
// is refused in between and none that is on its way gets lost.
package socket

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Socket is a listening socket. It accepts connections from its first Turn on;
// before, they wait in the system's backlog. It is closed with its latest Turn.
type Socket struct {
	// AfterClose is called by Close. It may be nil, and is not called when a Turn
	// closes the socket.
	AfterClose func() error

	listener net.Listener
	accept   sync.Once

	mu   sync.Mutex
	turn *Turn // the latest; nil before the first
}

// Address is where a socket listens, as it was asked for.
type Address struct {
	Network, Address string
	// Owner is who asked. It tells apart sockets on a port that the system chooses.
	Owner string
}

// Key returns what is equal for two addresses that stand for one socket.
func (a Address) Key() Address {
	if _, port, err := net.SplitHostPort(a.Address); err != nil || port != "0" {
		a.Owner = ""
	}
	return a
}

// Opener opens a socket, or returns one that is open already at the address.
type Opener func(ctx context.Context, at Address) (*Socket, error)

// Listen opens a socket.
func Listen(ctx context.Context, at Address) (*Socket, error) {
	l, err := new(net.ListenConfig).Listen(ctx, at.Network, at.Address)
	if err != nil {
		return nil, err
	}
	return &Socket{listener: l}, nil
}

// Addr returns where the socket listens.
func (s *Socket) Addr() net.Addr { return s.listener.Addr() }

// Close closes a socket on which nobody has taken a turn.
func (s *Socket) Close() error {
	err := s.listener.Close()
	if s.AfterClose != nil {
		err = errors.Join(err, s.AfterClose())
	}
	return err
}

// Turn makes the caller the one who gets the connections from now on. When it
// returns, the turn before gets no more of them; its Accept goes on waiting
// until it is closed, and closing it leaves the socket open.
func (s *Socket) Turn() *Turn {
	t := &Turn{socket: s, conns: make(chan net.Conn), over: make(chan struct{}), closed: make(chan struct{})}
	s.mu.Lock()
	before := s.turn
	s.turn = t
	s.mu.Unlock()
	if before != nil {
		close(before.over)
		before.handing.Lock()   // what was on its way to it is there now
		before.handing.Unlock() //nolint:staticcheck // empty on purpose: a barrier
	}
	s.accept.Do(func() { go s.run() })
	return t
}

func (s *Socket) latest() *Turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turn
}

// The pauses after a failed accept, such as for want of file descriptors.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// run accepts connections until the socket is closed.
func (s *Socket) run() {
	pause := firstPause
	for {
		c, err := s.listener.Accept()
		if err == nil {
			s.hand(c)
			pause = firstPause
			continue
		}
		t := s.latest()
		timer := time.NewTimer(pause)
		select {
		case <-t.closed:
			timer.Stop()
			return
		case <-t.over: // somebody else to ask
			timer.Stop()
		case <-timer.C:
			pause = min(2*pause, lastPause)
		}
	}
}

// hand gives a connection to whose turn it is.
func (s *Socket) hand(c net.Conn) {
	for !s.latest().take(c) {
	}
}

// Turn is a net.Listener for one of the servers that take turns on a Socket.
type Turn struct {
	socket *Socket
	conns  chan net.Conn
	over   chan struct{} // closed when another turn has begun
	closed chan struct{}
	once   sync.Once
	// handing is held while a connection is being handed over.
	handing sync.Mutex
	fresh   atomic.Int64 // connections that were handed over and did nothing yet
}

var _ net.Listener = (*Turn)(nil)

// take waits until the turn has accepted the connection. It returns false if the
// turn is over.
func (t *Turn) take(c net.Conn) bool {
	t.handing.Lock()
	defer t.handing.Unlock()
	select {
	case <-t.over:
		return false // whoever saw it end need not wait for more
	default:
	}
	t.fresh.Add(1)
	select {
	case t.conns <- c:
		return true
	case <-t.over:
		t.fresh.Add(-1)
		return false
	case <-t.closed:
		_ = c.Close() // nobody is left to serve it
		return true
	}
}

// Accept returns the next connection. Who takes it calls Settled once.
func (t *Turn) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Settled says that the server has begun to read from a connection, or has
// closed it: it does not get lost any more if the server ends gracefully.
func (t *Turn) Settled() { t.fresh.Add(-1) }

// settlePoll is how often Quiet looks.
const settlePoll = time.Millisecond

// Quiet waits until every connection is settled, or ctx ends. It is for a turn
// that is over: a server that would now be told to end would drop the
// connections that it has accepted and not looked at.
func (t *Turn) Quiet(ctx context.Context) {
	ticker := time.NewTicker(settlePoll)
	defer ticker.Stop()
	for t.fresh.Load() > 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close ends the turn, and the socket if no other turn has begun.
func (t *Turn) Close() error {
	var err error
	t.once.Do(func() {
		t.socket.mu.Lock()
		defer t.socket.mu.Unlock()
		close(t.closed)
		if t.socket.turn == t {
			err = t.socket.listener.Close()
		}
	})
	return err
}

// Addr returns where the socket listens.
func (t *Turn) Addr() net.Addr { return t.socket.Addr() }
