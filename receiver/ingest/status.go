package ingest

import (
	"net/http"

	"google.golang.org/grpc/codes"
)

// cause is why a request was refused.
type cause uint8

const (
	malformed       cause = iota // cannot be decoded
	badCompression               // cannot be decompressed
	oversized                    // larger than the limit, before or after decompression
	badMediaType                 // HTTP: neither protobuf nor JSON
	badCoding                    // a compression that is not offered
	notFound                     // no such path or method, or no pipeline for the signal
	badMethod                    // HTTP: not POST
	slow                         // did not arrive in time
	aborted                      // the client went away
	overload                     // no room now: memory, bytes in flight, a full queue
	backendBusy                  // without a queue: the backend may take it later
	backendRejected              // without a queue: the backend's final no
	exportFailed                 // without a queue: what no retry mends and no backend said
	draining                     // the server is stopping
	internal                     // a mistake of ours
	numCauses
)

// answer is how a cause is answered.
type answer struct {
	reason string // name of the cause in metrics and /status
	grpc   codes.Code
	http   int
	// retry says whether the client is meant to send the request again. It must
	// agree with the codes: OTLP clients decide by them alone.
	retry bool
}

// answers is the one place that says how a refused request is answered.
//
// A client of OTLP/gRPC retries CANCELLED, DEADLINE_EXCEEDED, ABORTED,
// OUT_OF_RANGE, UNAVAILABLE and DATA_LOSS, and RESOURCE_EXHAUSTED if there is a
// RetryInfo; a client of OTLP/HTTP retries 429, 502, 503 and 504. So whatever is
// permanent uses none of them, and RetryInfo and Retry-After accompany only what
// is not. A client that went away or was too slow sees no answer most of the
// time; the codes are those that its side of the protocol has for it.
//
//nolint:gochecknoglobals // immutable table
var answers = [numCauses]answer{
	malformed:       {"malformed", codes.InvalidArgument, http.StatusBadRequest, false},
	badCompression:  {"bad_compression", codes.InvalidArgument, http.StatusBadRequest, false},
	oversized:       {"too_large", codes.ResourceExhausted, http.StatusRequestEntityTooLarge, false},
	badMediaType:    {"media_type", codes.InvalidArgument, http.StatusUnsupportedMediaType, false},
	badCoding:       {"content_encoding", codes.Unimplemented, http.StatusUnsupportedMediaType, false},
	notFound:        {"not_found", codes.Unimplemented, http.StatusNotFound, false},
	badMethod:       {"method", codes.Unimplemented, http.StatusMethodNotAllowed, false},
	slow:            {"slow", codes.DeadlineExceeded, http.StatusRequestTimeout, true},
	aborted:         {"aborted", codes.Canceled, http.StatusBadRequest, true},
	overload:        {"overload", codes.Unavailable, http.StatusServiceUnavailable, true},
	backendBusy:     {"backend_unavailable", codes.Unavailable, http.StatusServiceUnavailable, true},
	backendRejected: {"backend_rejected", codes.FailedPrecondition, http.StatusBadRequest, false},
	exportFailed:    {"export_failed", codes.Internal, http.StatusInternalServerError, false},
	draining:        {"draining", codes.Unavailable, http.StatusServiceUnavailable, true},
	internal:        {"internal", codes.Internal, http.StatusInternalServerError, false},
}

func (c cause) String() string { return answers[c].reason }
