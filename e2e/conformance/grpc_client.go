package conformance

import (
	"context"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otlpctl/otlpctl/e2e/bench/rawgrpc"
	"github.com/otlpctl/otlpctl/e2e/harness/signal"
)

// grpcReply is the answer to a call.
type grpcReply struct {
	body   []byte
	status *status.Status
}

func (r grpcReply) code() codes.Code { return r.status.Code() }

// call sends encoded bytes as a unary call, whatever is in them.
func (s *subject) call(ctx context.Context, method string, message []byte, options ...grpc.CallOption) grpcReply {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	var reply rawgrpc.Message
	err := s.conn.Invoke(ctx, method, &rawgrpc.Message{Bytes: message}, &reply, options...)
	return grpcReply{reply.Bytes, status.Convert(err)}
}

// export calls the signal's method.
func (s *subject) export(ctx context.Context, sig signal.Signal, message []byte, options ...grpc.CallOption) grpcReply {
	return s.call(ctx, sig.Method(), message, options...)
}

// retryDelay returns the delay of the status's RetryInfo, if there is one.
func retryDelay(s *status.Status) (delay time.Duration, ok bool) {
	for _, d := range s.Details() {
		if info, is := d.(*errdetails.RetryInfo); is {
			return info.GetRetryDelay().AsDuration(), true
		}
	}
	return 0, false
}

// blamed reports whether the status says which field is bad.
func blamed(s *status.Status) bool {
	for _, d := range s.Details() {
		if bad, is := d.(*errdetails.BadRequest); is && len(bad.GetFieldViolations()) > 0 {
			return true
		}
	}
	return false
}

// allCodes returns every gRPC code but OK.
func allCodes() []codes.Code {
	var all []codes.Code
	for c := codes.Canceled; c <= codes.Unauthenticated; c++ {
		all = append(all, c)
	}
	return all
}

// retryable reports whether OTLP lets a client send a request again after the code alone.
func retryable(c codes.Code) bool {
	switch c {
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.Unavailable, codes.DataLoss:
		return true
	default:
		return false
	}
}
