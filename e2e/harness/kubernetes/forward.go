package kubernetes

import (
	"context"
	"io"
	"net"
	"sync"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
)

// forward takes connections on an address of this machine and opens one inside the sandbox for each of them.
type forward struct {
	listener net.Listener
	cancel   context.CancelFunc
	wg       sync.WaitGroup
}

// startForward listens on addr outside and connects to the same address inside.
func startForward(ctx context.Context, addr string, s sandbox) (*forward, error) {
	listener, err := loopback.Listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &forward{listener: listener, cancel: cancel}
	f.wg.Go(func() {
		for {
			outside, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			f.wg.Go(func() { join(ctx, outside, addr, s) })
		}
	})
	return f, nil
}

// close cuts all connections.
func (f *forward) close() {
	f.cancel()
	_ = f.listener.Close() // nothing was written
	f.wg.Wait()
}

// join copies between two connections until both have nothing more to say, or one has failed.
func join(ctx context.Context, outside net.Conn, addr string, s sandbox) {
	defer outside.Close()
	inside, err := s.dial(ctx, "tcp", addr)
	if err != nil {
		return // the client sees its connection closed
	}
	defer inside.Close()
	defer context.AfterFunc(ctx, func() {
		_ = outside.Close() // the copies end
		_ = inside.Close()
	})()
	var wg sync.WaitGroup
	wg.Go(func() { pipe(inside, outside) })
	wg.Go(func() { pipe(outside, inside) })
	wg.Wait()
}

func pipe(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		err = half.CloseWrite()
	}
	if err != nil {
		_ = to.Close()
		_ = from.Close()
	}
}
