// Package client sends export requests as a plain OTLP client does, one attempt each, and reports exactly what the
// server answered. It never retries: that is for the test to decide.
package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/resolver"
	"google.golang.org/protobuf/proto"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// Target says where and how to send.
type Target struct {
	Protocol signal.Protocol
	Addr     string // host:port of the protocol's server
	Coding   string // "", "gzip" or "zstd"
	// TLS secures connections; nil means plain text.
	TLS *tls.Config
	// Fresh makes an HTTP client open a connection for every request.
	Fresh bool
	// HTTP2 makes an HTTP client speak HTTP/2, without TLS by prior knowledge.
	HTTP2 bool
	// Ping has a connection tested that is silent for this long while it has a request, as only clients do that notice
	// a lost node; gRPC takes 10s at least. Zero never does.
	Ping time.Duration
	// Resolve makes a gRPC client find who is behind Addr, which is a URL then, and take turns among them.
	Resolve resolver.Builder
	// Dial opens connections; nil means the usual way.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Client is an open client. It may be used by several goroutines.
type Client interface {
	// Export sends one request. A *RefusedError is the server's answer; any other error means that there was none.
	Export(ctx context.Context, sig signal.Signal, request proto.Message) error
	// Close closes the connections.
	Close() error
}

// Dial returns a client. It connects when the first request is sent.
func Dial(t Target) (Client, error) {
	switch t.Protocol {
	case signal.GRPC:
		return dialGRPC(t)
	case signal.HTTPProtobuf, signal.HTTPJSON:
		return newHTTPClient(t), nil
	}
	return nil, fmt.Errorf("client: unknown protocol %q", t.Protocol)
}

// RefusedError is a server's answer other than full success.
type RefusedError struct {
	Code       codes.Code // gRPC's, also in the body of an HTTP error; OK for a partial success
	HTTPStatus int        // 0 over gRPC
	Message    string
	Rejected   int64         // items that a partial success names
	RetryAfter time.Duration // RetryInfo or Retry-After; 0 when the server did not say
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused: code %s, http %d, %d rejected, retry after %s: %s",
		e.Code, e.HTTPStatus, e.Rejected, e.RetryAfter, e.Message)
}

// Retryable reports whether OTLP lets a client send the request again.
func (e *RefusedError) Retryable() bool {
	switch e.HTTPStatus {
	case 0:
	case 429, 502, 503, 504:
		return true
	default:
		return false
	}
	switch e.Code {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return true
	case codes.ResourceExhausted:
		return e.RetryAfter > 0
	default:
		return false
	}
}

// partial returns an error for a response that is not a full success.
func partial(response proto.Message, httpStatus int) error {
	rejected, message := signal.Rejected(response)
	if rejected == 0 && message == "" {
		return nil
	}
	return &RefusedError{Code: codes.OK, HTTPStatus: httpStatus, Message: message, Rejected: rejected}
}
