// Package fault puts a TCP proxy with faults between two programs: connections that are refused, cut, slow or silent.
package fault

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	chunk    = 32 << 10
	relisten = 10 * time.Second
)

// Proxy forwards connections to one upstream address. The zero fault is none. All methods may be called at any time.
type Proxy struct {
	addr, upstream string

	mu      sync.Mutex
	changed *sync.Cond    // signals every change of the fields below
	paused  bool          // bytes do not flow, connections stay open
	delay   time.Duration // before each chunk is passed on
	closed  bool
	listen  net.Listener // nil while connections are refused
	conns   map[net.Conn]struct{}

	wg sync.WaitGroup
}

// Start listens on a free port of 127.0.0.1 and forwards to upstream.
func Start(ctx context.Context, upstream string) (*Proxy, error) {
	addr, err := loopback.Addr(ctx)
	if err != nil {
		return nil, err
	}
	p := &Proxy{addr: addr, upstream: upstream, conns: make(map[net.Conn]struct{})}
	p.changed = sync.NewCond(&p.mu)
	return p, p.Accept(ctx)
}

// Addr returns the address to connect to; it stays the same while connections are refused.
func (p *Proxy) Addr() string { return p.addr }

// Accept ends Refuse. A proxy accepts from the start.
func (p *Proxy) Accept(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.listen != nil {
		return nil
	}
	var l net.Listener
	err := wait.Until(ctx, relisten, "the port of the fault proxy", func() (ok bool, err error) {
		l, err = loopback.Listen(ctx, p.addr)
		if errors.Is(err, syscall.EADDRINUSE) {
			return false, nil // the kernel may still hold what was just closed
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}
	p.listen = l
	p.wg.Go(func() { p.serve(l) })
	return nil
}

// Refuse makes the kernel refuse new connections. Open ones live on; see Cut.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listen != nil {
		_ = p.listen.Close() // ends serve
		p.listen = nil
	}
}

// Cut closes every open connection, in the middle of whatever they carry.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut()
}

func (p *Proxy) cut() {
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, as from a machine that died
		}
		_ = c.Close()
	}
}

// Pause holds all bytes back while connections stay open and new ones are accepted: a backend that hangs.
func (p *Proxy) Pause() { p.set(func() { p.paused = true }) }

// Resume ends Pause; what was held back flows.
func (p *Proxy) Resume() { p.set(func() { p.paused = false }) }

// Delay makes every chunk of up to 32 KiB wait for d before it is passed on.
func (p *Proxy) Delay(d time.Duration) { p.set(func() { p.delay = d }) }

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	p.changed.Broadcast()
}

// Close cuts everything and returns when no goroutine of the proxy is left.
func (p *Proxy) Close() {
	p.Refuse()
	p.set(func() { p.closed = true })
	p.Cut()
	p.wg.Wait()
}

func (p *Proxy) serve(l net.Listener) {
	for {
		down, err := l.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.forward(down) })
	}
}

func (p *Proxy) forward(down net.Conn) {
	if !p.track(down) {
		return
	}
	defer p.untrack(down)
	up, err := net.DialTimeout("tcp", p.upstream, 5*time.Second) //nolint:noctx // a connection outlives any call
	if err != nil {
		return
	}
	if !p.track(up) {
		return
	}
	defer p.untrack(up)
	var both sync.WaitGroup
	both.Go(func() { p.copy(up, down) })
	both.Go(func() { p.copy(down, up) })
	both.Wait()
}

// copy passes bytes on until either side ends, then lets the other direction finish.
func (p *Proxy) copy(to, from net.Conn) {
	buf := make([]byte, chunk)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !p.gate() {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if errors.Is(err, io.EOF) {
			if tcp, ok := to.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			return
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

// gate waits while the proxy is paused or slow; false means that it was closed.
func (p *Proxy) gate() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.paused && !p.closed {
		p.changed.Wait()
	}
	if d := p.delay; d > 0 && !p.closed {
		p.mu.Unlock()
		time.Sleep(d) // the fault itself, not a wait for something
		p.mu.Lock()
	}
	return !p.closed
}

func (p *Proxy) track(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = c.Close()
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) untrack(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	_ = c.Close()
}
