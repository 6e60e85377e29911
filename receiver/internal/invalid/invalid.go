// Package invalid makes the errors of Validate methods: what is wrong with a
// configuration, and which key of the validated struct it is about.
package invalid

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

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

// placedError is an error of any kind, about a key.
type placedError struct {
	error
	path string
}

// At says that err is about the key at path. If err names a key itself, that is
// relative to path. The text stays as it is.
func At(path string, err error) error {
	if inner, ok := errors.AsType[interface {
		error
		ConfigPath() string
	}](err); ok {
		path = Join(path, inner.ConfigPath())
	}
	return &placedError{err, path}
}

// Unwrap returns the error without its key.
func (e *placedError) Unwrap() error { return e.error }

// ConfigPath returns the path of the key, relative to what was built.
func (e *placedError) ConfigPath() string { return e.path }

// Join returns the path of the key at rel, which is relative to base.
func Join(base, rel string) string {
	if base == "" || rel == "" || rel[0] == '[' {
		return base + rel
	}
	return base + "." + rel
}

// Listen returns an error about the key endpoint unless it is an address that
// can be listened on. Ports may have names.
func Listen(endpoint, example string) error {
	_, port, err := net.SplitHostPort(endpoint)
	if err != nil || port == "" {
		return Key("endpoint", "%q is no address: write host:port, such as %s", endpoint, example)
	}
	if n, err := strconv.Atoi(port); err == nil && (n < 0 || n > 1<<16-1) {
		return Key("endpoint", "%q has no valid port: 0 to 65535", endpoint)
	}
	return nil
}
