// Package ingest takes OTLP in: over gRPC and HTTP, as protobuf and JSON, and
// hands what is valid to the pipelines. It owns the listeners, the admission of
// requests, their decompression and validation, and the one table that says how
// a refusal is answered (status.go). What it hands on decodes in any conforming
// decoder and holds valid items only.
//
// Nothing here grows without a bound. A request is admitted before it is read,
// its memory is reserved from a Budget that all servers share, a body is held to
// its limit before and after decompression, and slow clients are cut off.
//
// Identifiers that the .proto comments call invalid (of the wrong length, all
// zero, missing) cost the item that carries them: it is removed, counted, and
// answered with a partial success, while its neighbours pass. Where the comments
// say that such an identifier is to be read as absent, it is removed by itself
// and the client warned.
package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/otlpctl/otlpctl/receiver/internal/invalid"
	"github.com/otlpctl/otlpctl/receiver/internal/ready"
	"github.com/otlpctl/otlpctl/receiver/internal/socket"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

// Deps is what a Server is given. All of it is required, and shared with others.
type Deps struct {
	// Pool is where requests are read to; the pipelines free them into it.
	Pool *pipeline.Pool
	// Budget bounds the requests being read.
	Budget *Budget
	// Routes say where requests go. They may change while the server runs.
	Routes *Routes
	// Ready is what grpc.health.v1 tells.
	Ready *ready.State
	Log   *slog.Logger
	// Before is the Server whose place this one takes, and whose counters it goes
	// on with; nil if there is none.
	Before *Server
}

// Server is one receiver: a gRPC server, an HTTP server, or both.
type Server struct {
	name  string
	log   *slog.Logger
	ports []*port
}

// port is one transport of a Server.
type port struct {
	transport Transport
	network   string
	endpoint  string
	in        *intake
	server    server
	socket    *socket.Socket // nil before Listen
	listener  *listener      // nil before Take
}

// server is what speaks a transport's protocol.
type server interface {
	// serve blocks until drain or stop has ended, or the listener failed.
	serve(l net.Listener) error
	// forewarn begins to tell clients to connect anew, while requests are taken as
	// before.
	forewarn()
	// drain waits for requests in flight. When ctx ends, stop is called, and drain
	// returns after it.
	drain(ctx context.Context, l *listener)
	// stop ends them at once and waits for their handlers.
	stop()
	// retire tells clients to connect anew, without ending a request or closing a
	// connection that may be about to bring one. It returns when none is left, or
	// when ctx ends; drain follows.
	retire(ctx context.Context, l *listener)
}

// New returns a Server for cfg, whose files (certificates) it reads. name is that
// of the receiver in the configuration.
func New(name string, cfg Config, deps Deps) (*Server, error) {
	s := &Server{name: name, log: deps.Log.With("receiver", name)}
	var errs []error
	if g := cfg.Protocols.GRPC; g != nil {
		in := s.intake(deps, GRPC, g.limit())
		secure, err := s.tls("grpc", g.TLS)
		errs = append(errs, err)
		s.ports = append(s.ports, &port{
			transport: GRPC, network: g.Transport, endpoint: g.Endpoint, in: in, server: newGRPCServer(g, in, secure),
		})
	}
	if h := cfg.Protocols.HTTP; h != nil {
		in := s.intake(deps, HTTP, h.limit())
		secure, err := s.tls("http", h.TLS)
		errs = append(errs, err)
		s.ports = append(s.ports, &port{
			transport: HTTP, network: h.Transport, endpoint: h.Endpoint, in: in, server: newHTTPServer(h, in, secure),
		})
	}
	if err := errors.Join(errs...); err != nil {
		s.Discard() // the servers that could be made
		return nil, err
	}
	return s, nil
}

func (s *Server) intake(deps Deps, t Transport, limit int) *intake {
	in := &intake{
		pool: deps.Pool, budget: deps.Budget, routes: deps.Routes, ready: deps.Ready, log: s.log, limit: limit, stats: &stats{},
	}
	if before := deps.Before.port(t); before != nil {
		in.stats = before.in.stats
	}
	return in
}

// port returns the port of a transport, or nil.
func (s *Server) port(t Transport) *port {
	if s == nil {
		return nil
	}
	for _, p := range s.ports {
		if p.transport == t {
			return p
		}
	}
	return nil
}

func (s *Server) tls(protocol string, cfg *tlsconf.Server) (*tls.Config, error) {
	if cfg == nil {
		return nil, nil //nolint:nilnil // no TLS is an answer of its own
	}
	conf, err := cfg.TLS(func(err error) {
		s.log.Warn("certificate not reloaded: the one in use stays", "protocol", protocol, "error", err)
	})
	if err != nil {
		return nil, invalid.At("protocols."+protocol+".tls", fmt.Errorf("protocols.%s.tls: %w", protocol, err))
	}
	return conf, nil
}

// Listen gets a socket for every transport. Connections wait for Take. The error
// is a *ListenError. The sockets are open's to close.
func (s *Server) Listen(ctx context.Context, open socket.Opener) error {
	for _, p := range s.ports {
		if err := s.ListenFor(ctx, p.transport, open); err != nil {
			return err
		}
	}
	return nil
}

// ListenFor gets the socket of one transport, which the Server has.
func (s *Server) ListenFor(ctx context.Context, t Transport, open socket.Opener) error {
	p := s.port(t)
	l, err := open(ctx, s.at(p))
	if err != nil {
		return &ListenError{Receiver: s.name, Transport: t, Endpoint: p.endpoint, Err: err}
	}
	p.socket = l
	return nil
}

// Discard gives up a Server that never ran. Its sockets stay open.
func (s *Server) Discard() { s.stop() }

func (s *Server) at(p *port) socket.Address {
	return socket.Address{Network: p.network, Address: p.endpoint, Owner: s.name + " " + string(p.transport)}
}

// Addresses returns where the transports listen, as they are configured.
func (s *Server) Addresses() []socket.Address {
	all := make([]socket.Address, len(s.ports))
	for i, p := range s.ports {
		all[i] = s.at(p)
	}
	return all
}

// Take makes all further connections come here. Listen comes before it, and Run
// or Drain follows.
func (s *Server) Take() {
	for _, p := range s.ports {
		p.listener = newListener(p.socket.Turn(), &p.in.stats.connections)
		s.log.Info("listening", "protocol", string(p.transport), "address", p.socket.Addr().String())
	}
}

// Run serves until Drain is called. If ctx ends first, requests in flight are
// ended. It returns when every handler and goroutine has ended, with an error if
// a listener failed. Take comes before it; a Server runs once.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopped := make(chan struct{})
	untie := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.stop()
	})
	errs := make([]error, len(s.ports))
	var all sync.WaitGroup
	for i, p := range s.ports {
		all.Go(func() {
			if err := p.server.serve(p.listener); err != nil {
				errs[i] = fmt.Errorf("receiver %s: serve %s on %s: %w", s.name, p.transport, p.listener.Addr(), err)
				cancel(errs[i]) // half a receiver is none
			}
		})
	}
	all.Wait()
	if !untie() {
		<-stopped
	}
	return errors.Join(errs...)
}

// Forewarn says that Drain will follow, so that clients which would not see an end
// coming are told with each answer from now on. Requests are taken as before.
func (s *Server) Forewarn() {
	for _, p := range s.ports {
		p.server.forewarn()
	}
}

// Drain stops listening, tells clients to go elsewhere (GOAWAY, Connection:
// close) and waits for the requests in flight; when ctx ends, it ends them. Run
// returns afterwards.
func (s *Server) Drain(ctx context.Context) {
	var all sync.WaitGroup
	for _, p := range s.ports {
		all.Go(func() { p.drain(ctx) })
	}
	all.Wait()
}

func (p *port) drain(ctx context.Context) {
	abort := context.AfterFunc(ctx, p.stop)
	defer abort()
	p.server.drain(ctx, p.listener)
}

// Retire ends a Server that another one has taken the place of, or that is not
// wanted any more. Requests are finished, and clients connect anew as they are
// told to; nothing is closed under their hands. It takes as long as the clients
// do, or until ctx ends. Run returns afterwards.
func (s *Server) Retire(ctx context.Context) {
	var all sync.WaitGroup
	for _, p := range s.ports {
		all.Go(func() {
			p.server.retire(ctx, p.listener)
			p.drain(ctx) // whatever the clients of the other ports do
		})
	}
	all.Wait()
}

// stop ends everything at once.
func (s *Server) stop() {
	var all sync.WaitGroup
	for _, p := range s.ports {
		all.Go(p.stop)
	}
	all.Wait()
}

// stop ends every request. Connections go first: the servers would wait for
// those that are still in their handshake.
func (p *port) stop() {
	p.in.stopping.Store(true)
	if p.listener != nil {
		p.listener.cut()
	}
	p.server.stop()
}

// State returns what is to be reported about each transport.
func (s *Server) State() []State {
	states := make([]State, len(s.ports))
	for i, p := range s.ports {
		states[i] = State{Receiver: s.name, Transport: p.transport, Endpoint: p.address()}
		p.in.stats.read(&states[i])
	}
	return states
}

// Addr returns where a transport listens, once Listen has succeeded, with the
// port that the system chose if none was given. It is empty for a transport that
// is not served.
func (s *Server) Addr(t Transport) string {
	if p := s.port(t); p != nil {
		return p.address()
	}
	return ""
}

func (p *port) address() string {
	if p.socket == nil {
		return p.endpoint
	}
	return p.socket.Addr().String()
}
