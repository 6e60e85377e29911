package ingest

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// result is the answer to an accepted request: OTLP's partial success, or full
// success if it is zero. It never grows beyond a few KiB, far below the 4 MiB
// that OTLP allows for a response, and is therefore never compressed.
type result struct {
	rejected int64
	message  string
}

// add joins what is known about a request from one more source.
func (r *result) add(rejected int64, message string) {
	r.rejected += max(rejected, 0)
	switch {
	case message == "":
	case r.message == "":
		r.message = clip(message, maxMessage)
	default:
		r.message = clip(r.message+"; "+message, maxMessage)
	}
}

// protobuf returns the encoded Export…ServiceResponse.
func (r *result) protobuf() []byte { return wire.AppendPartialSuccess(nil, r.rejected, r.message) }

// json returns the Export…ServiceResponse of the signal in OTLP/JSON.
func (r *result) json(sig wire.Signal) []byte {
	if *r == (result{}) {
		return []byte("{}")
	}
	b := []byte(`{"partialSuccess":{`)
	if r.rejected > 0 {
		b = append(b, `"rejected`...)
		for word := range strings.SplitSeq(sig.ItemNoun(), "_") {
			b = append(append(b, word[0]-'a'+'A'), word[1:]...)
		}
		b = append(strconv.AppendInt(append(b, `":"`...), r.rejected, 10), `",`...)
	}
	message, err := json.Marshal(r.message)
	if err != nil {
		message = []byte(`""`) // unreachable: it is a string
	}
	return append(append(append(b, `"errorMessage":`...), message...), "}}"...)
}

// status returns the google.rpc.Status of a fault, for gRPC and HTTP alike.
func (f *fault) status() *statuspb.Status {
	s := &statuspb.Status{Code: int32(answers[f.cause].grpc), Message: clip(f.message, maxMessage)} //nolint:gosec // codes are below 17
	if f.problem != "" {
		s.Details = appendDetail(s.Details, &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: clip(f.field, maxField), Description: clip(f.problem, maxProblem)},
		}})
	}
	if wait, ok := f.retryAfter(); ok {
		s.Details = appendDetail(s.Details, &errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	}
	return s
}

func appendDetail(details []*anypb.Any, m proto.Message) []*anypb.Any {
	packed, err := anypb.New(m)
	if err != nil {
		return details // the code and the message say enough
	}
	return append(details, packed)
}

// retryAfter returns how long the client is told to wait, if it is.
func (f *fault) retryAfter() (time.Duration, bool) {
	return f.after, answers[f.cause].retry && f.after > 0
}

// retryAfterSeconds is retryAfter for HTTP's header: whole seconds, rounded up
// and never 0, which would ask for a busy loop.
func (f *fault) retryAfterSeconds() (string, bool) {
	wait, ok := f.retryAfter()
	return strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10), ok
}

// The JSON mapping of google.rpc.Status and of the details in use. Written out,
// it needs neither a registry of types nor protobuf's reflection.
type (
	jsonStatus struct {
		Code    int32  `json:"code,omitempty"`
		Message string `json:"message,omitempty"`
		Details []any  `json:"details,omitempty"`
	}
	jsonBadRequest struct {
		Type            string          `json:"@type"`
		FieldViolations []jsonViolation `json:"fieldViolations"`
	}
	jsonViolation struct {
		Field       string `json:"field,omitempty"`
		Description string `json:"description,omitempty"`
	}
	jsonRetryInfo struct {
		Type       string `json:"@type"`
		RetryDelay string `json:"retryDelay"`
	}
)

// json returns the fault's google.rpc.Status as JSON.
func (f *fault) json() []byte {
	s := jsonStatus{Code: int32(answers[f.cause].grpc), Message: clip(f.message, maxMessage)} //nolint:gosec // codes are below 17
	if f.problem != "" {
		s.Details = append(s.Details, jsonBadRequest{
			Type: "type.googleapis.com/google.rpc.BadRequest", FieldViolations: []jsonViolation{{clip(f.field, maxField), clip(f.problem, maxProblem)}},
		})
	}
	if wait, ok := f.retryAfter(); ok {
		s.Details = append(s.Details, jsonRetryInfo{
			Type: "type.googleapis.com/google.rpc.RetryInfo", RetryDelay: strconv.FormatFloat(wait.Seconds(), 'f', -1, 64) + "s",
		})
	}
	b, err := json.Marshal(s)
	if err != nil {
		return []byte("{}") // unreachable: there is nothing in it that JSON lacks
	}
	return b
}

// protobuf returns the fault's google.rpc.Status encoded.
func (f *fault) protobuf() []byte {
	b, err := proto.Marshal(f.status())
	if err != nil {
		return nil // unreachable: every string in it is valid UTF-8
	}
	return b
}
