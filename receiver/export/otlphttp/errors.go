package otlphttp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/otlpctl/otlpctl/receiver/export/internal/reply"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// StatusError is an answer other than 2xx.
type StatusError struct {
	// Code is the HTTP status.
	Code int
	text string
}

func (e *StatusError) Error() string { return e.text }

// refusal sorts an answer other than 2xx by OTLP's rules (OTLP 1.11, "Failures"
// under OTLP/HTTP): which statuses may be retried, and when.
func (t *target) refusal(r *http.Response, content []byte) error {
	p := readProblem(r.Header, content)
	text := fmt.Sprintf("export to %s: HTTP %d %s", t.name, r.StatusCode, http.StatusText(r.StatusCode))
	if said := t.shown.Line(p.message); said != "" {
		text += ": " + said
	}
	err := reply.Advise(&StatusError{Code: r.StatusCode, text: text}, t.hint(r, p.message))
	switch r.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &pipeline.RetryableError{Err: err, After: max(retryAfter(r.Header), p.delay)}
	}
	return &pipeline.RejectedError{Err: err, Reason: reasonOf(r.StatusCode)}
}

// reasonOf says why a backend refuses, by the status of its answer.
func reasonOf(status int) pipeline.Refusal {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return pipeline.RefusedInvalid
	case http.StatusRequestEntityTooLarge:
		return pipeline.RefusedTooLarge
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return pipeline.RefusedUnauthorized
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		return pipeline.RefusedUnsupported
	default:
		return pipeline.RefusedOther
	}
}

// hint returns the next step if the answer is a known one.
func (t *target) hint(r *http.Response, message string) string {
	switch r.StatusCode {
	case http.StatusBadRequest:
		if strings.Contains(message, "HTTP request to an HTTPS server") {
			return "the backend expects TLS, write https:// in the endpoint"
		}
	case http.StatusNotFound:
		return "is this the URL for OTLP? The path of a signal, such as /v1/traces, is appended to endpoint, and not to traces_endpoint"
	case http.StatusRequestEntityTooLarge:
		return "raise the backend's limit, or set a lower send_batch_max_size"
	case http.StatusUnsupportedMediaType:
		return "the backend does not take this encoding or compression, try encoding: proto and compression: none; if this is a port for gRPC (4317), use the otlp exporter"
	}
	if r.StatusCode/100 == 3 {
		if to, err := r.Location(); err == nil {
			return fmt.Sprintf("the backend redirects to %s, which is followed with 307 and 308 within a host only; set the endpoint to it", to.Redacted())
		}
	}
	return ""
}

// unanswered is a request that got no answer, or half of one. It may be sent again.
func (t *target) unanswered(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // it repeats method and URL
	}
	described := fmt.Errorf("export to %s: %w", t.name, t.shown.Error(err))
	return &pipeline.RetryableError{Err: reply.Advise(described, t.connectionHint(err.Error()))}
}

func (t *target) connectionHint(m string) string {
	if hint := t.handshakes.Hint(m); hint != "" {
		return hint
	}
	has := func(parts ...string) bool { return reply.Has(m, parts...) }
	switch {
	case has("server gave HTTP response to HTTPS client", "first record does not look like a TLS handshake"):
		return "the backend expects plain text, write http:// in the endpoint"
	case has(`malformed HTTP response "\x15\x03`): // a TLS alert
		return "the backend expects TLS, write https:// in the endpoint"
	case has("malformed HTTP response"):
		return "this port does not speak HTTP/1.1; for gRPC (port 4317) use the otlp exporter"
	case !t.answered.Load() && has("use of closed network connection", "readLoopPeekFailLocked", "connection reset", "broken pipe"):
		// A gRPC server speaks first and hangs up, which net/http sees in any of these ways.
		return "the backend broke off; if this is a port for gRPC (4317), use the otlp exporter"
	}
	return ""
}
