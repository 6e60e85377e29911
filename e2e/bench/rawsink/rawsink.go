// Package rawsink is the benchmark's backend: it takes encoded requests over gRPC, counts their items and forgets them.
package rawsink

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"

	"github.com/otlpctl/otlpctl/e2e/bench/rawgrpc"
	"github.com/otlpctl/otlpctl/e2e/bench/wirecount"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

const (
	maxMessage = 256 << 20
	readBuffer = 128 << 10
)

// Count is what has arrived so far.
type Count struct {
	Requests, Items, Bytes int64 // Bytes is the size of the messages once inflated
}

// Sink is a running backend.
type Sink struct {
	addr     string
	counters map[string]wirecount.Counter // by method
	buffers  sync.Pool                    // of *rawgrpc.Message

	requests, items, bytes atomic.Int64

	server *grpc.Server
	ended  chan struct{}
}

// Start listens on addr, a host:port.
func Start(ctx context.Context, addr string) (*Sink, error) {
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	s := &Sink{addr: l.Addr().String(), counters: make(map[string]wirecount.Counter), ended: make(chan struct{})}
	s.buffers.New = func() any { return new(rawgrpc.Message) }
	for _, sig := range signal.All() {
		s.counters[sig.Method()] = wirecount.New(sig)
	}
	s.server = grpc.NewServer(
		grpc.ForceServerCodecV2(rawgrpc.Codec{}),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.ReadBufferSize(readBuffer),
		grpc.UnknownServiceHandler(s.export),
	)
	go func() {
		defer close(s.ended)
		_ = s.server.Serve(l)
	}()
	return s, nil
}

// Addr returns the host:port that the sink listens on.
func (s *Sink) Addr() string { return s.addr }

// Count returns what has arrived.
func (s *Sink) Count() Count {
	return Count{Requests: s.requests.Load(), Items: s.items.Load(), Bytes: s.bytes.Load()}
}

// Close stops the server.
func (s *Sink) Close() {
	s.server.Stop()
	<-s.ended
}

// export answers every method of every service, as one stream with one message each way.
func (s *Sink) export(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	counter, ok := s.counters[method]
	if !ok {
		return fmt.Errorf("unexpected method %s", method)
	}
	message, _ := s.buffers.Get().(*rawgrpc.Message)
	defer s.buffers.Put(message)
	if err := stream.RecvMsg(message); err != nil {
		return err
	}
	items, err := counter.Count(message.Bytes)
	if err != nil {
		return err
	}
	s.requests.Add(1)
	s.bytes.Add(int64(len(message.Bytes)))
	s.items.Add(int64(items))
	return stream.SendMsg(&rawgrpc.Message{})
}
