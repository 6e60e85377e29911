// Package invalid makes the errors of Validate methods: what is wrong with a
// configuration, and which key of the validated struct it is about.
package invalid

import "fmt"

// keyError is about one key. The configuration loader asks for its path to name
// the file and line of the key.
type keyError struct {
	path    string
	problem string
}

// Key returns an error about the key at path, relative to the validated struct:
// "sending_queue.queue_size", "exporters[1]".
func Key(path, format string, args ...any) error {
	return &keyError{path: path, problem: fmt.Sprintf(format, args...)}
}

func (e *keyError) Error() string { return e.path + ": " + e.problem }

// ConfigPath returns the path of the key, relative to the validated struct.
func (e *keyError) ConfigPath() string { return e.path }

// Problem returns what is wrong with the key, without its path.
func (e *keyError) Problem() string { return e.problem }
