package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/otlpctl/otlpctl/receiver/otlpjson"
	"github.com/otlpctl/otlpctl/receiver/pipeline"
	"github.com/otlpctl/otlpctl/receiver/wire"
)

// fault is why one request was refused, as its client is told.
type fault struct {
	cause   cause
	message string
	// field and problem say what is wrong with which part of a malformed request.
	field, problem string
	// after is how long the client should wait; zero if that is not known.
	after time.Duration
}

func (f *fault) Error() string { return f.message }

func fail(c cause, format string, args ...any) error {
	return &fault{cause: c, message: fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) error { return fail(oversized, format, args...) }

// blame turns what went wrong with a request into a fault. ctx is the request's.
func (in *intake) blame(ctx context.Context, err error) *fault {
	var (
		known     *fault
		protobuf  *wire.SyntaxError
		json      *otlpjson.SyntaxError
		full      *pipeline.OverloadError
		retryable *pipeline.RetryableError
		rejected  *pipeline.RejectedError
	)
	f := &fault{message: err.Error()}
	switch {
	case errors.As(err, &known):
		f = known
	case errors.As(err, &protobuf):
		f.cause, f.field, f.problem = malformed, protobuf.Path, protobuf.Problem
	case errors.As(err, &json):
		f.cause, f.field, f.problem = malformed, json.Path, json.Problem
	case ctx.Err() != nil:
		// Whatever failed, it failed because nobody waits for it any more.
		f.cause = aborted
		if in.stopping.Load() {
			f.cause, f.after = draining, retryAfterDrain
		}
	case errors.As(err, &full):
		f.cause, f.after = overload, max(full.After, time.Millisecond)
	// Of several exporters without a queue, one that may succeed later decides.
	case errors.As(err, &retryable):
		f.cause, f.after = backendBusy, retryable.After
	case errors.As(err, &rejected):
		f.cause = backendRejected
	default:
		f.cause = exportFailed
	}
	return f
}

// retryAfterDrain is what a client is told while the server stops: by then it
// should have found another one.
const retryAfterDrain = time.Second

// The longest texts of an answer. In gRPC they travel in headers, percent-encoded
// and once more inside the details, and many clients allow 8 KiB for all headers.
const (
	maxMessage = 1 << 10
	maxField   = 256
	maxProblem = 256
)

// clip makes a text fit for an answer: valid UTF-8 of at most so many bytes.
func clip(text string, most int) string {
	const ellipsis = "…"
	if len(text) <= most {
		return strings.ToValidUTF8(text, "?")
	}
	cut := most - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strings.ToValidUTF8(text[:cut], "?") + ellipsis
}
