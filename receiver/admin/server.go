// Package admin is what the receiver tells about itself over HTTP: /health and
// /ready for probes, /metrics for Prometheus, /status for programs and people,
// and profiles if asked for. It only reads: nothing here changes the receiver.
package admin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/internal/socket"
)

const (
	headerTimeout = 5 * time.Second
	idleTimeout   = 2 * time.Minute
	// stopTimeout bounds how long answers in flight hold up the end of Run.
	stopTimeout    = 2 * time.Second
	maxHeaderBytes = 16 << 10
)

// Server answers on one address.
type Server struct {
	name     string
	endpoint string
	tls      *tls.Config // nil: plain text
	server   *http.Server
	socket   *socket.Socket // nil before Listen
	listener net.Listener   // nil before Take
}

// New returns the admin server, with every page. It reads the certificates that
// the configuration names.
func New(c Config, d Deps) (*Server, error) {
	s := newServer("admin", c.Endpoint, handler(c.Pprof, d), d.Log)
	if c.TLS != nil {
		conf, err := c.TLS.TLS(func(err error) {
			d.Log.Warn("certificate not reloaded: the one in use stays", "server", "admin", "error", err)
		})
		if err != nil {
			return nil, invalid.At("tls", fmt.Errorf("admin.tls: %w", err))
		}
		conf.NextProtos = []string{"http/1.1"}
		s.tls = conf
	}
	return s, nil
}

// NewMetrics returns a server for a further address that has /metrics only.
func NewMetrics(endpoint string, d Deps) *Server {
	return newServer("metrics", endpoint, metricsHandler(d), d.Log)
}

func newServer(name, endpoint string, h http.Handler, log *slog.Logger) *Server {
	return &Server{name: name, endpoint: endpoint, server: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// Port scans and clients that hang up are no news.
		ErrorLog: slog.NewLogLogger(log.With("server", name).Handler(), slog.LevelDebug),
	}}
}

// Listen gets a socket, which is open's to close. Connections wait for Take. The
// error is a *ListenError.
func (s *Server) Listen(ctx context.Context, open socket.Opener) error {
	l, err := open(ctx, s.Address())
	if err != nil {
		return &ListenError{Server: s.name, Endpoint: s.endpoint, Err: err}
	}
	s.socket = l
	return nil
}

// Address returns where the server listens, as it is configured.
func (s *Server) Address() socket.Address {
	return socket.Address{Network: "tcp", Address: s.endpoint, Owner: s.name}
}

// Take makes all further connections come here. Listen comes before it, and Run
// follows.
func (s *Server) Take() {
	s.listener = s.socket.Turn()
	if s.tls != nil {
		s.listener = tls.NewListener(s.listener, s.tls)
	}
}

// Addr returns where the server listens, once Listen has succeeded, and the
// configured address before.
func (s *Server) Addr() string {
	if s.socket == nil {
		return s.endpoint
	}
	return s.socket.Addr().String()
}

// Run serves until ctx ends, gives answers in flight a moment, and returns when
// every goroutine has ended. It fails if the listener does. Take comes before it.
func (s *Server) Run(ctx context.Context) error {
	stopped := make(chan struct{})
	untie := context.AfterFunc(ctx, func() {
		defer close(stopped)
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if s.server.Shutdown(limit) != nil {
			_ = s.server.Close() // whoever is still reading has had the time
		}
	})
	err := s.server.Serve(s.listener)
	if !untie() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve %s on %s: %w", s.name, s.Addr(), err)
}

// ListenError says which address a Server cannot listen on.
type ListenError struct {
	// Server is "admin" or "metrics".
	Server   string
	Endpoint string
	Err      error
}

func (e *ListenError) Error() string {
	err := e.Err
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = op.Err // without the operation and the address, which stand before it
	}
	return fmt.Sprintf("%s server: listen on %s: %v", e.Server, e.Endpoint, err)
}

func (e *ListenError) Unwrap() error { return e.Err }

// Hint says what to do about it, or nothing.
func (e *ListenError) Hint() string {
	if !errors.Is(e.Err, syscall.EADDRINUSE) {
		return ""
	}
	key := "admin.endpoint"
	if e.Server == "metrics" {
		key = "service.telemetry.metrics.readers"
	}
	return "another process listens there, perhaps a Collector or another otlpctl: stop it or change " + key
}
