// Package rawsink is the benchmark's backend: it takes encoded requests over gRPC and HTTP, counts their items and
// forgets them.
package rawsink

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
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
	counters map[string]wirecount.Counter // by gRPC method and by HTTP path
	buffers  sync.Pool                    // of *rawgrpc.Message

	requests, items, bytes atomic.Int64

	grpc    *grpc.Server
	http    *http.Server
	serving sync.WaitGroup
}

// Start listens on two addresses, each a host:port.
func Start(ctx context.Context, grpcAddr, httpAddr string) (*Sink, error) {
	var listen net.ListenConfig
	lg, err := listen.Listen(ctx, "tcp", grpcAddr)
	if err != nil {
		return nil, fmt.Errorf("sink: %w", err)
	}
	lh, err := listen.Listen(ctx, "tcp", httpAddr)
	if err != nil {
		_ = lg.Close()
		return nil, fmt.Errorf("sink: %w", err)
	}
	s := &Sink{counters: make(map[string]wirecount.Counter)}
	s.buffers.New = func() any { return new(rawgrpc.Message) }
	for _, sig := range signal.All() {
		s.counters[sig.Method()] = wirecount.New(sig)
		s.counters[sig.Path()] = wirecount.New(sig)
	}
	s.grpc = grpc.NewServer(
		grpc.ForceServerCodecV2(rawgrpc.Codec{}),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.ReadBufferSize(readBuffer),
		grpc.UnknownServiceHandler(s.export),
	)
	s.http = &http.Server{Handler: http.HandlerFunc(s.post), ReadHeaderTimeout: 10 * time.Second}
	s.serving.Go(func() { _ = s.grpc.Serve(lg) })
	s.serving.Go(func() { _ = s.http.Serve(lh) })
	return s, nil
}

// Count returns what has arrived.
func (s *Sink) Count() Count {
	return Count{Requests: s.requests.Load(), Items: s.items.Load(), Bytes: s.bytes.Load()}
}

// Close stops the servers.
func (s *Sink) Close() {
	s.grpc.Stop()
	_ = s.http.Close()
	s.serving.Wait()
}

// export answers every method of every service, as one stream with one message each way.
func (s *Sink) export(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	message := s.buffer()
	defer s.buffers.Put(message)
	if err := stream.RecvMsg(message); err != nil {
		return err
	}
	if err := s.count(method, message.Bytes); err != nil {
		return err
	}
	return stream.SendMsg(&rawgrpc.Message{})
}

// post answers OTLP/HTTP in protobuf.
func (s *Sink) post(w http.ResponseWriter, r *http.Request) {
	message := s.buffer()
	defer s.buffers.Put(message)
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	buf := bytes.NewBuffer(message.Bytes[:0])
	_, err := buf.ReadFrom(body)
	message.Bytes = buf.Bytes()
	if err == nil {
		err = s.count(r.URL.Path, message.Bytes)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (s *Sink) buffer() *rawgrpc.Message {
	message, _ := s.buffers.Get().(*rawgrpc.Message)
	return message
}

func (s *Sink) count(where string, request []byte) error {
	counter, ok := s.counters[where]
	if !ok {
		return fmt.Errorf("unexpected method or path %s", where)
	}
	items, err := counter.Count(request)
	if err != nil {
		return err
	}
	s.requests.Add(1)
	s.bytes.Add(int64(len(request)))
	s.items.Add(int64(items))
	return nil
}
