package socket

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

func open(t *testing.T) *Socket {
	t.Helper()
	s, err := Listen(t.Context(), Address{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func dial(t *testing.T, s *Socket) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// serve answers every connection of a turn with its name until the turn ends.
func serve(t *Turn, name string) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := t.Accept()
			if err != nil {
				return
			}
			t.Settled()
			_, _ = io.WriteString(c, name)
			_ = c.Close()
		}
	}()
	return ended
}

func answer(t *testing.T, c net.Conn) string {
	t.Helper()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func TestTurns(t *testing.T) {
	s := open(t)
	waiting := dial(t, s) // before anybody serves
	first := s.Turn()
	firstEnded := serve(first, "first")
	if got := answer(t, waiting); got != "first" {
		t.Errorf("served by %q", got)
	}
	second := s.Turn()
	between := dial(t, s) // the second is not there yet, the first no longer
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	<-firstEnded
	secondEnded := serve(second, "second")
	for _, c := range []net.Conn{between, dial(t, s)} {
		if got := answer(t, c); got != "second" {
			t.Errorf("served by %q", got)
		}
	}
	if err := errors.Join(second.Close(), second.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	<-secondEnded
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String()); err == nil {
		t.Error("still listening after the last turn was closed")
	}
}

// No connection is refused or dropped while turns change all the time.
func TestNothingIsLostBetweenTurns(t *testing.T) {
	s := open(t)
	turn := s.Turn()
	ended := serve(turn, "x")
	stop := make(chan struct{})
	var served atomic.Int64
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				if b, err := io.ReadAll(c); err != nil || string(b) != "x" {
					t.Errorf("%q, %v", b, err)
				}
				_ = c.Close()
				served.Add(1)
			}
		})
	}
	for range 200 {
		next := s.Turn()
		turn.Quiet(t.Context())
		_ = turn.Close()
		<-ended
		turn, ended = next, serve(next, "x")
		for before := served.Load(); served.Load() == before && !t.Failed(); {
			dialOnce(t, s)
		}
	}
	close(stop)
	clients.Wait()
	_ = turn.Close()
	<-ended
}

func dialOnce(t *testing.T, s *Socket) {
	t.Helper()
	if got := answer(t, dial(t, s)); got != "x" {
		t.Errorf("served by %q", got)
	}
}

func TestQuietWaitsForFreshConnections(t *testing.T) {
	s := open(t)
	turn := s.Turn()
	dial(t, s)
	if _, err := turn.Accept(); err != nil {
		t.Fatal(err)
	}
	next := s.Turn()
	defer func() { _ = next.Close() }()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	turn.Quiet(ended) // returns with its context
	quiet := make(chan struct{})
	go func() {
		defer close(quiet)
		turn.Quiet(t.Context())
	}()
	select {
	case <-quiet:
		t.Error("quiet with a connection that nobody has looked at")
	default:
	}
	turn.Settled()
	<-quiet
	_ = turn.Close()
}

func TestCloseWithoutATurn(t *testing.T) {
	s := open(t)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
