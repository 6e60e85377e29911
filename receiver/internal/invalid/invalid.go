// Package invalid makes the errors of Validate methods: what is wrong with a
// configuration, and which key of the validated struct it is about.
package invalid

import (
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
