package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// grpcServer serves OTLP/gRPC.
type grpcServer struct {
	in       *intake
	metadata bool // make groups of requests by their metadata
	server   *grpc.Server
	full     any // the answer to a request that was accepted in full
	leaving  chan struct{}
	leave    func() // closes leaving, once
}

const (
	// maxHeaders bounds the headers of a request.
	maxHeaders = 64 << 10
	// handshakeTimeout is how long a new connection may take to say something.
	handshakeTimeout = 10 * time.Second
)

func newGRPCServer(cfg *GRPCConfig, in *intake, secure *tls.Config) *grpcServer {
	grpcraw.Register() // grpc-go refuses calls in a coding that nobody has registered
	g := &grpcServer{in: in, metadata: cfg.IncludeMetadata, full: []byte(nil), leaving: make(chan struct{})}
	g.leave = sync.OnceFunc(func() { close(g.leaving) })
	k := cfg.Keepalive
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(grpcraw.Codec{}),
		experimental.BufferPool(in.pool),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.ReadBufferSize(cfg.ReadBufferSize),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: k.ServerParameters.MaxConnectionIdle, MaxConnectionAge: k.ServerParameters.MaxConnectionAge,
			MaxConnectionAgeGrace: k.ServerParameters.MaxConnectionAgeGrace,
			Time:                  k.ServerParameters.Time, Timeout: k.ServerParameters.Timeout,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime: k.EnforcementPolicy.MinTime, PermitWithoutStream: k.EnforcementPolicy.PermitWithoutStream,
		}),
		grpc.UnknownServiceHandler(g.unknown),
		grpc.WaitForHandlers(true),
		// A goroutine that has run a call has the stack that the next one needs.
		grpc.NumStreamWorkers(uint32(8 * runtime.GOMAXPROCS(0))), //nolint:gosec // a handful
	}
	if cfg.MaxConcurrentStreams > 0 {
		options = append(options, grpc.MaxConcurrentStreams(cfg.MaxConcurrentStreams))
	}
	if cfg.WriteBufferSize > 0 {
		options = append(options, grpc.WriteBufferSize(cfg.WriteBufferSize))
	}
	if secure != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(secure)))
	}
	g.server = grpc.NewServer(options...)
	g.registerHealth()
	for _, sig := range wire.Signals() {
		service, method, _ := strings.Cut(sig.Method()[1:], "/")
		g.server.RegisterService(&grpc.ServiceDesc{
			ServiceName: service, HandlerType: (*any)(nil),
			// A stream of messages to grpc-go, so that they are ours to read; on the
			// wire it is the unary call that OTLP has.
			Streams: []grpc.StreamDesc{{StreamName: method, ClientStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
				return g.export(sig, s)
			}}},
		}, nil)
	}
	return g
}

// export handles one Export call.
func (g *grpcServer) export(sig wire.Signal, s grpc.ServerStream) (err error) {
	ctx := s.Context()
	c := g.in.begin(sig)
	var answer result
	defer func() {
		var refused *fault
		if p := recover(); p != nil {
			refused = g.in.panicked(p)
		} else if err != nil {
			refused = g.in.blame(ctx, err)
		}
		c.end(refused)
		if refused != nil {
			err = status.ErrorProto(refused.status())
		} else {
			err = g.respond(ctx, s, &answer)
		}
	}()
	if err := c.admit(); err != nil {
		return err
	}
	stream, err := streamOf(ctx)
	if err != nil {
		return err
	}
	if err := c.receive(stream); err != nil {
		return err
	}
	if keys := c.route.MetadataKeys(); g.metadata && len(keys) > 0 {
		c.group = group(keys, func(key string) []string { return metadata.ValueFromIncomingContext(ctx, key) })
	}
	answer, err = c.take(ctx)
	return err
}

// respond sends the answer to an accepted request.
func (g *grpcServer) respond(ctx context.Context, s grpc.ServerStream, answer *result) error {
	if *answer == (result{}) {
		return s.SendMsg(g.full)
	}
	// grpc-go would answer in the request's coding; an answer is too short for that.
	if err := grpc.SetSendCompressor(ctx, encoding.Identity); err != nil {
		return err
	}
	return s.SendMsg(answer.protobuf())
}

// unknown answers calls of methods that do not exist.
func (g *grpcServer) unknown(_ any, s grpc.ServerStream) error {
	g.in.stats.unmatched[notFound].Add(1)
	method, _ := grpc.MethodFromServerStream(s)
	return status.Errorf(codes.Unimplemented, "unknown method %q: OTLP/gRPC is served here, such as %s", clip(method, maxField), wire.Traces.Method())
}

// serve returns when the server has stopped, with all of its handlers.
func (g *grpcServer) serve(l net.Listener) error {
	if err := g.server.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// forewarn has nothing to do: drain tells clients in a way that costs no call.
func (g *grpcServer) forewarn() {}

// drain tells clients to go elsewhere and waits for their calls, or for stop.
func (g *grpcServer) drain(context.Context, *listener) {
	g.leave()
	g.server.GracefulStop()
}

// retireLimit bounds the wait for connections that were accepted and say nothing.
const retireLimit = time.Second

// retire has nothing to wait for but connections that the server has not looked
// at yet: draining tells clients to go (GOAWAY) and lets every call finish that
// they begin before they have heard of it.
func (g *grpcServer) retire(ctx context.Context, l *listener) {
	limit, cancel := context.WithTimeout(ctx, retireLimit)
	defer cancel()
	l.Quiet(limit)
}

// stop ends every call at once and waits for the handlers.
func (g *grpcServer) stop() {
	g.leave()
	g.server.Stop()
}
