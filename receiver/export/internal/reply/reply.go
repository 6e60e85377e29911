// Package reply reads what OTLP backends answer, over gRPC and HTTP alike.
package reply

import (
	"errors"
	"fmt"
	"slices"
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

// Partial reads an encoded Export…ServiceResponse. Without a partial success, or
// with an empty one, everything was accepted.
func Partial(body []byte) (pipeline.Partial, error) {
	rejected, message, ok := wire.PartialSuccess(body)
	if !ok {
		return pipeline.Partial{}, errNotOTLP
	}
	return pipeline.Partial{Rejected: rejected, Message: message}, nil
}

// Has reports whether a message has one of the parts.
func Has(message string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(message, part) })
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
