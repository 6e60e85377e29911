package image

// WithHint returns an error whose next step is known: a lower-case sentence without a full stop. An empty
// hint is none.
func WithHint(err error, hint string) error { return &hinted{err, hint} }

// hinted is an error whose next step is known.
type hinted struct {
	error
	hint string
}

// Unwrap returns the error without its hint.
func (h *hinted) Unwrap() error { return h.error }

// Hint says what to do next.
func (h *hinted) Hint() string { return h.hint }
