package tlsconf

import "fmt"

// keyError is a fault of one setting. ConfigPath lets the configuration loader
// point at the line of that setting.
type keyError struct {
	key string // relative to the tls section; empty for the section itself
	err error
}

func at(key, format string, args ...any) error {
	return &keyError{key: key, err: fmt.Errorf(format, args...)}
}

// atItem is at for one element of a list.
func atItem(key string, index int, format string, args ...any) error {
	return at(fmt.Sprintf("%s[%d]", key, index), format, args...)
}

// Error leaves the key out: whoever prints the error has the full path.
func (e *keyError) Error() string { return e.err.Error() }

func (e *keyError) Unwrap() error { return e.err }

// ConfigPath names the setting, relative to the section that holds it.
func (e *keyError) ConfigPath() string { return e.key }
