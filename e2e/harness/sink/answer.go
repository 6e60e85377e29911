package sink

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// Answer is what a request gets. The zero value is full success.
type Answer struct {
	Code       codes.Code    // other than OK: refused
	Message    string        // of the error, or of a partial success
	Rejected   int64         // items that a partial success names
	RetryAfter time.Duration // RetryInfo, and Retry-After in whole seconds rounded up; zero sends none
	HTTPStatus int           // status over HTTP; zero derives it from Code
	Empty      bool          // a partial success is there even when it says nothing
	Header     http.Header   // over HTTP: set beside the usual headers, or in their place
	Body       []byte        // over HTTP: sent in place of the message, when it is not nil
}

// response is the message of a full or partial success.
func (a Answer) response(sig signal.Signal) proto.Message {
	if a.Empty {
		return sig.NewPartial(a.Rejected, a.Message)
	}
	return sig.NewResponse(a.Rejected, a.Message)
}

// RetryLater is the answer of a backend that has too much to do.
func RetryLater(after time.Duration) Answer {
	return Answer{Code: codes.Unavailable, Message: "busy", RetryAfter: after}
}

// Fixed returns a script that gives every request the same answer.
func Fixed(a Answer) Script {
	return func(context.Context, Request) Answer { return a }
}

func (a Answer) status() (*status.Status, error) {
	st := status.New(a.Code, a.Message)
	if a.RetryAfter == 0 {
		return st, nil
	}
	st, err := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(a.RetryAfter)})
	if err != nil {
		return nil, fmt.Errorf("attach RetryInfo: %w", err)
	}
	return st, nil
}

func (a Answer) httpStatus() int {
	switch {
	case a.HTTPStatus != 0:
		return a.HTTPStatus
	case a.Code == codes.OK:
		return http.StatusOK
	case a.Code == codes.InvalidArgument:
		return http.StatusBadRequest
	case a.Code == codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case a.Code == codes.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

func (a Answer) retryAfter() string {
	return strconv.Itoa(int(math.Ceil(a.RetryAfter.Seconds())))
}
