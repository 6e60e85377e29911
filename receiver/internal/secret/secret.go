// Package secret holds configured values that must not be shown.
package secret

import (
	"log/slog"
)

// hidden stands where a secret would.
const hidden = "[hidden]"

// Text is a value that fmt, slog and encoders show as "[hidden]". Convert it to
// string where it is used.
type Text string

// String returns a placeholder.
func (t Text) String() string {
	if t == "" {
		return ""
	}
	return hidden
}

// GoString returns a placeholder.
func (t Text) GoString() string { return `"` + t.String() + `"` }

// LogValue returns a placeholder.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText returns a placeholder.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
