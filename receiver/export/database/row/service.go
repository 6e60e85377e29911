package row

import (
	"unicode/utf8"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// service returns the service.name of an encoded Resource, as much of it as
// columns hold. It is empty if there is none or it is no string.
func (w *writer) service(resource []byte) Text {
	name := resource[:0]
	for n, v := range wire.Values(resource) {
		if n == resourceAttributes && string(last(v.Data, pairKey)) == "service.name" {
			name = last(last(v.Data, pairValue), anyString)
		}
	}
	return cut(w.text(name), MaxService)
}

// cut returns at most n bytes of a text, and only whole characters.
func cut(s Text, n int) Text {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
