// Package otlp sends batches to an OTLP backend over gRPC. It forwards the
// encoded requests as they are: nothing is decoded, and without compression
// nothing is copied.
//
// Delivery is at least once. An answer that gets lost makes a batch that the
// backend has taken be sent again.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"

	"github.com/otlpctl/otlpctl/receiver/export/internal/body"
	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/internal/grpcraw"
	"github.com/otlpctl/otlpctl/receiver/internal/secret"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

var _ pipeline.Exporter = (*Exporter)(nil)

// Exporter sends batches over gRPC. It is safe for concurrent use.
type Exporter struct {
	endpoint   string
	plaintext  bool
	handshakes reply.Handshakes
	headers    metadata.MD
	shown      reply.Discreet
	bodies     *body.Encoder
	responses  compression.Unpacker
	conns      []*grpc.ClientConn
	turn       atomic.Uint32
}

// New returns an Exporter. It reads the TLS files, but connects only when there
// is something to send. Compressed requests and received data take buffers from
// pool; log gets what goes wrong apart from a request, such as a certificate
// that cannot be read again.
func New(cfg Config, pool mem.BufferPool, log *slog.Logger) (*Exporter, error) {
	return newExporter(cfg, pool, log)
}

// newExporter is New with further options, for tests on connections of their own.
func newExporter(cfg Config, pool mem.BufferPool, log *slog.Logger, further ...grpc.DialOption) (*Exporter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	algorithm, err := compression.Parse(cfg.Compression)
	if err != nil {
		return nil, err
	}
	bodies, err := body.NewEncoder(algorithm, compression.Fast, pool)
	if err != nil {
		return nil, err
	}
	conf, err := cfg.tlsConfig(log)
	if err != nil {
		return nil, err
	}
	target, err := cfg.target()
	if err != nil {
		return nil, err
	}
	grpcraw.Register()
	e := &Exporter{endpoint: cfg.Endpoint, plaintext: conf == nil, bodies: bodies, responses: compression.Unpacker{Limit: reply.MaxBytes}}
	e.handshakes.Watch(conf)
	e.setHeaders(cfg.Headers)
	options := append(cfg.dialOptions(conf, algorithm, pool), further...)
	for range max(cfg.Connections, 1) {
		conn, err := grpc.NewClient(target, options...)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("endpoint %s: %w", cfg.Endpoint, err), e.disconnect())
		}
		e.conns = append(e.conns, conn)
	}
	return e, nil
}

func (e *Exporter) setHeaders(headers map[string]secret.Text) {
	if len(headers) == 0 {
		return
	}
	e.headers = metadata.MD{}
	var secrets []string
	for name, value := range headers {
		e.headers.Append(name, string(value))
		secrets = append(secrets, string(value))
	}
	e.shown = reply.NewDiscreet(secrets...)
}

// Export makes one attempt to send b.
func (e *Exporter) Export(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	switch {
	case b.Items == 0:
		return pipeline.Partial{}, nil
	case b.Bytes > pipeline.MaxOTLPRequestBytes:
		return pipeline.Partial{}, fmt.Errorf("request of %d bytes exceeds the %d that OTLP allows", b.Bytes, pipeline.MaxOTLPRequestBytes)
	}
	return e.send(ctx, b)
}

// Probe sends an empty request, which changes nothing, and returns why the backend
// does not take requests with this signal.
func (e *Exporter) Probe(ctx context.Context, sig wire.Signal) error {
	_, err := e.send(ctx, pipeline.EmptyBatch(sig))
	return err
}

func (e *Exporter) send(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	data, err := e.bodies.Encode(b)
	if err != nil {
		return pipeline.Partial{}, err
	}
	request := grpcraw.Message{Data: data, Compression: e.bodies.Algorithm()}
	defer request.Free()
	if e.headers != nil {
		ctx = metadata.NewOutgoingContext(ctx, e.headers)
	}
	var response grpcraw.Message
	err = e.conn().Invoke(ctx, b.Signal.Method(), &request, &response)
	defer response.Free() // a response may come before the call fails
	if err != nil {
		return pipeline.Partial{}, e.failure(err)
	}
	return e.verdict(&response)
}

// conn returns the connection whose turn it is.
func (e *Exporter) conn() *grpc.ClientConn {
	if len(e.conns) == 1 {
		return e.conns[0]
	}
	return e.conns[e.turn.Add(1)%uint32(len(e.conns))] //nolint:gosec // at most 1000
}

// verdict reads what the backend says about a request that it answered with OK.
func (e *Exporter) verdict(response *grpcraw.Message) (pipeline.Partial, error) {
	var encoded []byte
	switch {
	case len(response.Data) == 0 && response.Compression == compression.None:
		return pipeline.Partial{}, nil
	case response.Compression != compression.None:
		reader := response.Data.Reader()
		defer func() { _ = reader.Close() }()
		var err error
		if encoded, err = e.responses.Unpack(response.Compression, reader); errors.Is(err, compression.ErrTooLarge) {
			return pipeline.Partial{}, e.local(reply.ErrTooLarge)
		} else if err != nil {
			return pipeline.Partial{}, e.local(fmt.Errorf("response: %w", err))
		}
	case response.Data.Len() > reply.MaxBytes:
		return pipeline.Partial{}, e.local(reply.ErrTooLarge)
	case len(response.Data) == 1:
		encoded = response.Data[0].ReadOnlyData()
	default:
		encoded = response.Data.Materialize()
	}
	partial, err := reply.Partial(encoded)
	if err != nil {
		return pipeline.Partial{}, e.local(err)
	}
	partial.Message = e.shown.Line(partial.Message)
	return partial, nil
}

// Close ends the connections.
func (e *Exporter) Close(context.Context) error { return e.disconnect() }

func (e *Exporter) disconnect() error {
	var errs []error
	for _, conn := range e.conns {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}
