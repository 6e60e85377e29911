package client

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // a coding to send
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// inTurn is the service configuration of a client that takes turns.
const inTurn = `{"loadBalancingConfig": [{"round_robin": {}}]}`

type grpcClient struct {
	conn    *grpc.ClientConn
	options []grpc.CallOption
}

func dialGRPC(t Target) (Client, error) {
	secure := insecure.NewCredentials()
	if t.TLS != nil {
		secure = credentials.NewTLS(t.TLS)
	}
	options := []grpc.DialOption{grpc.WithTransportCredentials(secure), grpc.WithDisableRetry()}
	if t.Ping > 0 {
		options = append(options, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: t.Ping, Timeout: pingTimeout}))
	}
	if t.Dial != nil {
		options = append(options, grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return t.Dial(ctx, "tcp", addr)
		}))
	}
	target := "passthrough:///" + t.Addr
	if t.Resolve != nil {
		target = t.Addr
		options = append(options, grpc.WithResolvers(t.Resolve), grpc.WithDefaultServiceConfig(inTurn))
	}
	conn, err := grpc.NewClient(target, options...)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	c := &grpcClient{conn: conn}
	if t.Coding != "" {
		c.options = append(c.options, grpc.UseCompressor(t.Coding))
	}
	return c, nil
}

func (c *grpcClient) Export(ctx context.Context, sig signal.Signal, request proto.Message) error {
	response := sig.NewResponse(0, "")
	err := c.conn.Invoke(ctx, sig.Method(), request, response, c.options...)
	if err == nil {
		return partial(response, 0)
	}
	st := status.Convert(err)
	// grpc-go reports a lost connection, which is no answer, as UNAVAILABLE too; both may be retried, and neither
	// acknowledges anything.
	refused := &RefusedError{Code: st.Code(), Message: st.Message()}
	if ctx.Err() != nil && st.Code() != codes.OK {
		return fmt.Errorf("no answer: %w", err)
	}
	for _, d := range st.Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			refused.RetryAfter = retry.GetRetryDelay().AsDuration()
		}
	}
	return refused
}

func (c *grpcClient) Close() error { return c.conn.Close() }
