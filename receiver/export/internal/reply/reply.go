// Package reply reads what OTLP backends answer, over gRPC and HTTP alike.
package reply

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// MaxBytes is the largest response that is read, after decompression (OTLP 1.11,
// "Maximum response size").
const MaxBytes = 4 << 20

// ErrTooLarge is a response that exceeds MaxBytes. Whether the backend took the
// request is not known then, and asking again would bring the same.
var ErrTooLarge = fmt.Errorf("the response exceeds %d bytes", MaxBytes)

var errNotOTLP = errors.New("the response is no OTLP: is this the address of an OTLP backend?")

// longestMessage bounds what of a backend's message is shown, in bytes.
const longestMessage = 1 << 10

// Line returns a backend's message as it is shown: in one line, and not too long.
func Line(message string) string {
	if len(message) > longestMessage {
		message = message[:longestMessage] + "…"
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(message, "")), " ")
}

// TLSHint returns the next step for a TLS handshake that failed with the message,
// if it is a known one.
func TLSHint(message string) string {
	has := func(text string) bool { return strings.Contains(message, text) }
	switch {
	case has("certificate signed by unknown authority"):
		return "set tls.ca_file to the authority that signed the backend's certificate"
	case has("x509: certificate is valid for"), has("x509: cannot validate certificate for"):
		return "set tls.server_name_override to a name in the backend's certificate"
	case has("tls: certificate required"), has("tls: bad certificate"):
		return "the backend wants a client certificate, set tls.cert_file and tls.key_file"
	case has("remote error: tls: handshake failure"):
		return "the backend refuses the handshake; it may want a client certificate (set tls.cert_file and tls.key_file) or another version of TLS"
	}
	return ""
}

// Partial reads an encoded Export…ServiceResponse. Without a partial success, or
// with an empty one, everything was accepted.
func Partial(body []byte) (pipeline.Partial, error) {
	rejected, message, ok := wire.PartialSuccess(body)
	if !ok {
		return pipeline.Partial{}, errNotOTLP
	}
	return pipeline.Partial{Rejected: rejected, Message: Line(message)}, nil
}

// RetryDelay returns how long a status asks to wait before the request is sent
// again, and whether it has RetryInfo at all.
func RetryDelay(s *spb.Status) (delay time.Duration, ok bool) {
	for _, detail := range s.GetDetails() {
		if !strings.HasSuffix(detail.GetTypeUrl(), "/google.rpc.RetryInfo") {
			continue
		}
		info := new(errdetails.RetryInfo)
		if detail.UnmarshalTo(info) == nil {
			return max(info.GetRetryDelay().AsDuration(), 0), true
		}
	}
	return 0, false
}
