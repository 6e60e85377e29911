package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the health service's messages
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// session is a connection on which BuildKit asks for credentials while it builds.
type session struct {
	id     string
	server *grpc.Server
	served sync.WaitGroup
}

// The methods that a session announces.
const (
	credentialsService = "moby.filesync.v1.Auth"
	credentialsMethod  = "Credentials"
	healthMethod       = "/grpc.health.v1.Health/Check"
)

// openSession opens a session that answers with these credentials.
func (e *Engine) openSession(ctx context.Context, l *logins) (*session, error) {
	s := &session{id: rand.Text(), server: newCredentialsServer(l)}
	conn, err := e.api.DialHijack(ctx, "/session", "h2c", map[string][]string{
		"X-Docker-Expose-Session-Uuid":        {s.id},
		"X-Docker-Expose-Session-Name":        {"otlpctl"},
		"X-Docker-Expose-Session-Sharedkey":   {""},
		"X-Docker-Expose-Session-Grpc-Method": {"/" + credentialsService + "/" + credentialsMethod, healthMethod},
	})
	if err != nil {
		return nil, fmt.Errorf("pass credentials for a registry to the container engine: %w", err)
	}
	// It ends when the server is stopped or the engine hangs up: neither is news.
	s.served.Go(func() { _ = s.server.Serve(newOneConn(conn)) })
	return s, nil
}

// close ends the session.
func (s *session) close() {
	s.server.Stop()
	s.served.Wait()
}

// newCredentialsServer returns a server for BuildKit, which is its client.
func newCredentialsServer(l *logins) *grpc.Server {
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{encoding.GetCodecV2("proto")}))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: credentialsService,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: credentialsMethod, Handler: l.answer}},
	}, struct{}{})
	return server
}

// answer tells the credentials for one registry.
func (l *logins) answer(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // the order of a gRPC handler
	var request rawMessage
	if err := decode(&request); err != nil {
		return nil, err
	}
	host, err := decodeHost(request)
	if err != nil {
		return nil, err
	}
	name, secret := l.secret(host)
	var answer rawMessage
	answer = protowire.AppendTag(answer, 1, protowire.BytesType)
	answer = protowire.AppendString(answer, name)
	answer = protowire.AppendTag(answer, 2, protowire.BytesType)
	answer = protowire.AppendString(answer, secret)
	return &answer, nil
}

// decodeHost reads a CredentialsRequest.
func decodeHost(data []byte) (host string, err error) {
	err = eachField(data, func(f protoField) error {
		if f.number == 1 {
			host = string(f.bytes)
		}
		return nil
	})
	return host, err
}

// rawMessage is an encoded message.
type rawMessage []byte

// rawCodec passes raw messages as they are, and leaves others to the usual codec.
type rawCodec struct{ encoding.CodecV2 }

// Marshal returns the bytes of a message.
func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	if raw, ok := v.(*rawMessage); ok {
		return mem.BufferSlice{mem.SliceBuffer(*raw)}, nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal reads the bytes of a message.
func (c rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	if raw, ok := v.(*rawMessage); ok {
		*raw = data.Materialize()
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// oneConn is a listener with one connection, which is there already.
type oneConn struct {
	conns  chan net.Conn
	addr   net.Addr
	closed chan struct{}
	once   sync.Once
}

func newOneConn(conn net.Conn) *oneConn {
	l := &oneConn{conns: make(chan net.Conn, 1), addr: conn.LocalAddr(), closed: make(chan struct{})}
	l.conns <- conn
	return l
}

// Accept returns the connection, and the second time waits until the listener is closed.
func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns the address of the connection.
func (l *oneConn) Addr() net.Addr { return l.addr }
