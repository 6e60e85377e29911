package generator

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/otlpctl/otlpctl/e2e/bench/rawgrpc"
)

// grpcSender shares its connection with other workers; its two messages are its own.
type grpcSender struct {
	conn     *grpc.ClientConn
	hangUp   func() error
	method   string
	options  []grpc.CallOption
	request  rawgrpc.Message
	response rawgrpc.Message
}

func grpcSenders(spec Spec) ([]sender, error) {
	conns := make([]*grpc.ClientConn, spec.Connections)
	hangUps := make([]func() error, spec.Connections)
	for i := range conns {
		conn, err := grpc.NewClient("passthrough:///"+spec.Addr,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawgrpc.Codec{})))
		if err != nil {
			return nil, fmt.Errorf("generator: %w", err)
		}
		conns[i], hangUps[i] = conn, sync.OnceValue(conn.Close)
	}
	var options []grpc.CallOption
	if spec.Shape.Gzip {
		options = append(options, grpc.UseCompressor("gzip"))
	}
	senders := make([]sender, spec.Workers)
	for i := range senders {
		senders[i] = &grpcSender{
			conn: conns[i%len(conns)], hangUp: hangUps[i%len(conns)],
			method: spec.Shape.Signal.Method(), options: options,
		}
	}
	return senders, nil
}

func (s *grpcSender) send(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	s.request.Bytes = body
	if err := s.conn.Invoke(ctx, s.method, &s.request, &s.response, s.options...); err != nil {
		return err
	}
	return wantFullSuccess(s.response.Bytes)
}

func (s *grpcSender) close() error { return s.hangUp() }

// wantFullSuccess accepts an empty response and the empty partial_success message that some servers send.
func wantFullSuccess(response []byte) error {
	if len(response) == 0 || string(response) == "\x0a\x00" || string(response) == "{}" || string(response) == `{"partialSuccess":{}}` {
		return nil
	}
	return errors.New("partial success: " + string(response))
}
