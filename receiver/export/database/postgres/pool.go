package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// checkAfter is how long a connection may have been idle before it is looked at again.
	checkAfter = time.Second
	// closeAfter is how long a connection may be idle before it is closed.
	closeAfter = 5 * time.Minute
	// goodbye bounds the wait for connections that are being closed.
	goodbye = 2 * time.Second
)

var errClosed = errors.New("the exporter has been closed")

// pool keeps connections for their next use, and never has more than its slots: a
// connection is opened only if none is idle, and one that is being closed counts until
// that is done. The server's process takes a moment longer to end.
type pool struct {
	target *target
	lost   func()        // called for each connection that was lost: the next one may lead to another server
	slots  chan struct{} // an element for each connection that is in use or being closed

	mu     sync.Mutex
	idle   []idleConn // the last used is the last
	closed bool
}

type idleConn struct {
	conn  *session
	since time.Time
}

func newPool(t *target, size int, lost func()) *pool {
	return &pool{target: t, lost: lost, slots: make(chan struct{}, size)}
}

// acquire returns a connection that nobody else uses. It goes back by release.
func (p *pool) acquire(ctx context.Context) (*session, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, &waitedError{ctx.Err()}
	}
	for {
		c, ok, err := p.take()
		if err != nil {
			<-p.slots
			return nil, err
		}
		if !ok {
			break
		}
		if time.Since(c.since) < checkAfter || alive(c.conn) {
			return c.conn, nil
		}
		_ = c.conn.Close(ctx) // the server is gone from it
		p.lost()
	}
	conn, err := p.target.connect(ctx)
	if err != nil {
		<-p.slots
	}
	return conn, err
}

// take takes an idle connection.
func (p *pool) take() (c idleConn, ok bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch last := len(p.idle) - 1; {
	case p.closed:
		return c, false, errClosed
	case last < 0:
		return c, false, nil
	default:
		c, p.idle = p.idle[last], p.idle[:last]
		return c, true, nil
	}
}

// alive notices that the server has ended a connection.
func alive(conn *session) bool {
	return conn.CheckConn() == nil && !conn.IsClosed() //nolint:staticcheck // a ping would cost a round trip, and what it finds beyond this is retried
}

// release takes a connection back, in whatever state it is.
func (p *pool) release(ctx context.Context, conn *session) {
	if !conn.IsClosed() && conn.TxStatus() != 'I' {
		_ = conn.Close(ctx) // in the middle of a transaction, which ends with it
	}
	if conn.IsClosed() {
		p.lost()
		go func() { // the server gets a request to cancel, which takes a while if it hangs
			<-conn.CleanupDone()
			<-p.slots
		}()
		return
	}
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.idle = append(p.idle, idleConn{conn, time.Now()})
	}
	p.mu.Unlock()
	if closed {
		_ = conn.Close(ctx) // nothing is under way
	}
	<-p.slots
}

// prune closes connections that have been idle for so long.
func (p *pool) prune(ctx context.Context, least time.Duration) {
	p.mu.Lock()
	n := 0
	for n < len(p.idle) && time.Since(p.idle[n].since) >= least {
		n++
	}
	old := slices.Clone(p.idle[:n])
	p.idle = slices.Delete(p.idle, 0, n)
	p.mu.Unlock()
	for _, c := range old {
		_ = c.conn.Close(ctx) // nothing is under way
	}
}

// close closes all connections. It waits for those that are in use or being closed, not for long,
// since a server that hangs does not say goodbye; one in use is closed when it is released.
func (p *pool) close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, c := range idle {
		_ = c.conn.Close(ctx) // nothing is under way
	}
	ctx, cancel := context.WithTimeout(ctx, goodbye)
	defer cancel()
	for range cap(p.slots) {
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}
