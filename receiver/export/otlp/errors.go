package otlp

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// failure sorts the error of a call by OTLP's rules (OTLP 1.11, "Failures" under
// OTLP/gRPC): which codes may be retried, and when.
func (e *Exporter) failure(err error) error {
	s := status.Convert(err)
	delay, hasRetryInfo := reply.RetryDelay(s.Proto())
	described := reply.Advise(&callError{text: e.describe(s), err: err}, e.hint(s))
	switch s.Code() {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return &pipeline.RetryableError{Err: described, After: delay}
	case codes.ResourceExhausted:
		if hasRetryInfo {
			return &pipeline.RetryableError{Err: described, After: delay}
		}
		if responseTooLarge(s) {
			return e.local(reply.ErrTooLarge)
		}
	default:
	}
	return &pipeline.RejectedError{Err: described, Reason: reasonOf(s.Code())}
}

// reasonOf says why a backend refuses, by the code of its answer.
func reasonOf(code codes.Code) pipeline.Refusal {
	switch code {
	case codes.InvalidArgument:
		return pipeline.RefusedInvalid
	case codes.ResourceExhausted:
		return pipeline.RefusedTooLarge
	case codes.Unauthenticated, codes.PermissionDenied:
		return pipeline.RefusedUnauthorized
	case codes.Unimplemented, codes.NotFound:
		return pipeline.RefusedUnsupported
	default:
		return pipeline.RefusedOther
	}
}

// callError is the failure of a call as people read it.
type callError struct {
	text string
	err  error
}

func (e *callError) Error() string { return e.text }

func (e *Exporter) describe(s *status.Status) string {
	return fmt.Sprintf("export to %s: %s: %s", e.endpoint, s.Code(), e.shown.Line(unwrapped(s.Message())))
}

// unwrapped takes gRPC's wrapping off the error of a connection.
func unwrapped(m string) string {
	before, quoted, ok := strings.Cut(m, `connection error: desc = "`)
	if !ok {
		return m
	}
	cause, err := strconv.Unquote(`"` + quoted)
	if err != nil {
		return m
	}
	return before + strings.TrimPrefix(cause, "transport: ")
}

// Unwrap returns gRPC's error, with its status.
func (e *callError) Unwrap() error { return e.err }

// local is an error on this side of the connection, which no retry mends.
func (e *Exporter) local(err error) error {
	return fmt.Errorf("export to %s: %w", e.endpoint, err)
}

// responseTooLarge reports whether gRPC itself refused to read a response. It
// has the same code as a backend that refuses a request, and the limit alone
// tells them apart.
func responseTooLarge(s *status.Status) bool {
	m := s.Message()
	return strings.HasPrefix(m, "grpc: received message") && strings.Contains(m, strconv.Itoa(responseLimit))
}

// hint returns the next step if the error is a known one.
func (e *Exporter) hint(s *status.Status) string {
	m := s.Message()
	has := func(parts ...string) bool { return reply.Has(m, parts...) }
	switch s.Code() {
	case codes.Unavailable, codes.DeadlineExceeded:
		switch {
		case has("handshake failed") && has("first record does not look like a TLS handshake", "EOF", "reset by peer"):
			return "if the backend expects plain text, set tls.insecure: true (the scheme http:// alone does not)"
		case has("tls: no application protocol"):
			return "this port speaks HTTP/1 over TLS, not gRPC; use the otlphttp exporter"
		case has("no children to pick from", "produced zero addresses"):
			return "the endpoint's name has no address, check it and DNS"
		case e.plaintext && has("error reading server preface"):
			return "if the backend expects TLS, remove tls.insecure; if it speaks HTTP (port 4318), use the otlphttp exporter"
		}
		return e.handshakes.Hint(m)
	case codes.Unimplemented:
		switch {
		case has("unexpected HTTP status code"):
			return "this answers as HTTP, not gRPC; for port 4318 use the otlphttp exporter"
		case has("Decompressor is not installed"):
			return "the backend does not know this compression, set compression: none"
		case has("unknown service"):
			return "the backend does not take this signal over gRPC"
		}
	case codes.ResourceExhausted:
		if has("message larger than max", "after decompression larger than max") {
			return "raise the backend's limit (max_recv_msg_size_mib), or set a lower send_batch_max_size"
		}
	default:
	}
	return ""
}
