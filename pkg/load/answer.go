package load

import (
	"errors"

	"github.com/otlpctl/otlpctl/receiver/pipeline"
)

// Status is what the other end made of telemetry. The words are API.
type Status string

// The statuses.
const (
	// Accepted is all of it.
	Accepted Status = "accepted"
	// PartialSuccess is a part of it.
	PartialSuccess Status = "partial_success"
	// Rejected is a final no to a request.
	Rejected Status = "rejected"
	// Failed is a request without an answer, or with one that may be another the next time.
	Failed Status = "failed"
)

// Answer is what the other end said about one request, or about several.
type Answer struct {
	// Requests counts those that were sent, the last of which may have failed, and Sent the items in them.
	Requests, Sent int
	// Accepted and Rejected count items. What failed is in neither.
	Accepted, Rejected int
	// Message is the first that came with a success, a warning if nothing was rejected.
	Message string
	// Err is why the last request was not taken.
	Err error
}

// Add adds what came of a further request.
func (a *Answer) Add(next Answer) {
	a.Requests += next.Requests
	a.Sent += next.Sent
	a.Accepted += next.Accepted
	a.Rejected += next.Rejected
	if a.Message == "" {
		a.Message = next.Message
	}
	if a.Err == nil {
		a.Err = next.Err
	}
}

// Status sums the answer up.
func (a *Answer) Status() Status {
	_, refused := errors.AsType[*pipeline.RejectedError](a.Err)
	switch {
	case refused:
		return Rejected
	case a.Err != nil:
		return Failed
	case a.Rejected > 0:
		return PartialSuccess
	}
	return Accepted
}

// answerTo reads what an exporter says about a request.
func answerTo(items int, partial pipeline.Partial, err error) Answer {
	a := Answer{Requests: 1, Sent: items, Message: partial.Message, Err: err}
	_, refused := errors.AsType[*pipeline.RejectedError](err)
	switch {
	case refused:
		a.Rejected = items
	case err == nil:
		a.Rejected = int(min(max(partial.Rejected, 0), int64(items)))
		a.Accepted = items - a.Rejected
	}
	return a
}
