package pipeline

import (
	"fmt"
	"time"
)

// RetryableError is a failure that may pass: the same batch may be sent again.
type RetryableError struct {
	Err error
	// After is how long the backend asked to wait (RetryInfo, Retry-After);
	// zero if it did not say.
	After time.Duration
}

func (e *RetryableError) Error() string { return e.Err.Error() }

func (e *RetryableError) Unwrap() error { return e.Err }

// RejectedError is the backend's final no: sending the batch again is pointless.
type RejectedError struct {
	Err error
	// Reason is what the backend minds.
	Reason Refusal
}

func (e *RejectedError) Error() string { return e.Err.Error() }

func (e *RejectedError) Unwrap() error { return e.Err }

// OverloadError says that a request was not accepted because there is no room
// for it now. The client should send it again.
type OverloadError struct {
	// What has no room: "the queue of exporter otlp is full".
	What string
	// After is how long the client should wait.
	After time.Duration
}

func (e *OverloadError) Error() string {
	return fmt.Sprintf("%s; retry in %s", e.What, e.After)
}
