// Package otlphttp sends batches to an OTLP backend over HTTP, as protobuf or
// JSON. Protobuf is forwarded as it is, without being joined or decoded; JSON is
// written from the encoded request.
//
// Delivery is at least once. An answer that gets lost makes a batch that the
// backend has taken be sent again.
package otlphttp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/mem"

	"github.com/otlpctl/otlpctl/receiver/export/internal/agent"
	"github.com/otlpctl/otlpctl/receiver/export/internal/body"
	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/internal/compression"
	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

var _ pipeline.Exporter = (*Exporter)(nil)

// Exporter sends batches over HTTP. It is safe for concurrent use.
type Exporter struct {
	client    *http.Client
	transport *http.Transport
	targets   map[wire.Signal]*target
	bodies    *body.Encoder
	json      bool
	pool      mem.BufferPool
}

// target is what all requests of a signal have in common.
type target struct {
	url        *url.URL
	name       string // for messages: without user, password and query
	header     http.Header
	host       string
	handshakes *reply.Handshakes
	shown      reply.Discreet
	answered   atomic.Bool // at least once: the address is right
}

// New returns an Exporter. It reads the TLS files, but connects only when there
// is something to send. What is compressed or written as JSON takes buffers from
// pool; log gets what goes wrong apart from a request, such as a certificate
// that cannot be read again.
func New(cfg Config, pool mem.BufferPool, log *slog.Logger) (*Exporter, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	algorithm, err := compression.Parse(cfg.Compression)
	if err != nil {
		return nil, err
	}
	e := &Exporter{targets: map[wire.Signal]*target{}, json: cfg.Encoding == encodingJSON, pool: pool}
	if e.bodies, err = body.NewEncoder(algorithm, cfg.CompressionParams.Level, pool); err != nil {
		return nil, err
	}
	if e.transport, err = cfg.transport(log); err != nil {
		return nil, err
	}
	e.client = &http.Client{Transport: e.transport, CheckRedirect: follow}
	header, host := cfg.header(algorithm)
	var secrets []string
	for _, value := range cfg.Headers {
		secrets = append(secrets, string(value))
	}
	handshakes := new(reply.Handshakes)
	handshakes.Watch(e.transport.TLSClientConfig)
	for _, sig := range wire.Signals() {
		u, err := cfg.url(sig)
		if err != nil {
			return nil, err
		}
		if u != nil {
			name := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
			e.targets[sig] = &target{
				url: u, name: name, header: header, host: host, handshakes: handshakes,
				shown: reply.NewDiscreet(append(slices.Clip(secrets), basicAuth(u)...)...),
			}
		}
	}
	return e, nil
}

// basicAuth returns what a URL has the client send as basic authentication.
func basicAuth(u *url.URL) []string {
	if u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	pair := u.User.Username() + ":" + password
	return []string{password, base64.StdEncoding.EncodeToString([]byte(pair))}
}

// header returns what every request carries. Configured headers win.
func (c *Config) header(a compression.Algorithm) (header http.Header, host string) {
	header = http.Header{"User-Agent": {agent.Default()}, "Content-Type": {contentProto}}
	if c.Encoding == encodingJSON {
		header.Set("Content-Type", contentJSON)
	}
	if a != compression.None {
		header.Set("Content-Encoding", a.String())
	}
	for name, value := range c.Headers {
		if http.CanonicalHeaderKey(name) == "Host" {
			host = string(value)
			continue
		}
		header.Set(name, string(value))
	}
	return header, host
}

// Export makes one attempt to send b.
func (e *Exporter) Export(ctx context.Context, b *pipeline.Batch) (pipeline.Partial, error) {
	switch {
	case b.Items == 0:
		return pipeline.Partial{}, nil
	case b.Bytes > pipeline.MaxOTLPRequestBytes:
		return pipeline.Partial{}, errTooLarge(b.Bytes)
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
	to := e.targets[b.Signal]
	if to == nil {
		return pipeline.Partial{}, fmt.Errorf("no endpoint is configured for %s", b.Signal)
	}
	data, err := e.encode(b)
	if err != nil {
		return pipeline.Partial{}, fmt.Errorf("export to %s: %w", to.name, err)
	}
	defer data.Free()
	request := to.request(ctx, data)
	response, err := e.client.Do(request)
	if err != nil {
		return pipeline.Partial{}, to.unanswered(err)
	}
	to.answered.Store(true)
	defer func() { _ = response.Body.Close() }()
	content, err := read(response)
	if errors.Is(err, reply.ErrTooLarge) {
		return pipeline.Partial{}, fmt.Errorf("export to %s: HTTP %d: %w", to.name, response.StatusCode, err)
	}
	if response.StatusCode/100 != 2 {
		return pipeline.Partial{}, to.refusal(response, content)
	}
	if err != nil {
		return pipeline.Partial{}, to.unanswered(err)
	}
	partial, err := partialSuccess(response.Header, content)
	if err != nil {
		return pipeline.Partial{}, fmt.Errorf("export to %s: HTTP %d: %w", to.name, response.StatusCode, err)
	}
	partial.Message = to.shown.Line(partial.Message)
	return partial, nil
}

func errTooLarge(size int) error {
	return fmt.Errorf("request of %d bytes exceeds the %d that OTLP allows", size, pipeline.MaxOTLPRequestBytes)
}

// request returns a request whose body may be sent more than once: when a
// connection turns out to be closed, or after a redirect.
func (t *target) request(ctx context.Context, data mem.BufferSlice) *http.Request {
	r := &http.Request{
		Method: http.MethodPost, URL: t.url, Header: t.header, Host: t.host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: bodyOf(data), ContentLength: int64(data.Len()),
		GetBody: func() (io.ReadCloser, error) { return bodyOf(data), nil },
	}
	return r.WithContext(ctx)
}

func bodyOf(data mem.BufferSlice) io.ReadCloser {
	if data.Len() == 0 { // of other bodies net/http does not believe this length
		return http.NoBody
	}
	return newUpload(data)
}

// jsonGrowth is by how much a request grows in JSON at most, nearly always.
const jsonGrowth = 8

// jsonGuess is by how much it grows most of the time.
const jsonGuess = 4

// encode returns the body of the request, which the caller frees.
func (e *Exporter) encode(b *pipeline.Batch) (mem.BufferSlice, error) {
	if !e.json {
		return e.bodies.Encode(b)
	}
	parts := b.Encoded()
	if parts == nil {
		return nil, errors.New("part of the batch is kept compressed only")
	}
	joined := parts.MaterializeToBuffer(e.pool)
	defer joined.Free()
	buffer := e.pool.Get(joined.Len() * jsonGuess)
	text, err := otlpjson.AppendJSON((*buffer)[:0], b.Signal, joined.ReadOnlyData())
	*buffer = text
	written := mem.NewBuffer(buffer, e.pool)
	defer written.Free()
	if err != nil {
		return nil, err
	}
	if len(text) > pipeline.MaxOTLPRequestBytes {
		return nil, errTooLarge(len(text))
	}
	return e.bodies.Bytes(written)
}

// Close ends the connections.
func (e *Exporter) Close(context.Context) error {
	e.transport.CloseIdleConnections()
	return nil
}
