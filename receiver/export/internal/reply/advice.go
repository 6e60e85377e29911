package reply

// AdvisedError is an error whose next step is known. In a log it is one text; who
// reports the two apart asks for Problem and Hint.
type AdvisedError struct {
	err  error
	hint string
}

// Advise adds a hint to err, unless it is empty.
func Advise(err error, hint string) error {
	if hint == "" {
		return err
	}
	return &AdvisedError{err: err, hint: hint}
}

func (e *AdvisedError) Error() string { return e.err.Error() + "; hint: " + e.hint }

func (e *AdvisedError) Unwrap() error { return e.err }

// Problem is the error without its hint.
func (e *AdvisedError) Problem() string { return e.err.Error() }

// Hint is the next step.
func (e *AdvisedError) Hint() string { return e.hint }
