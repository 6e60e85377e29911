package otlpjson

import (
	"errors"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// bounds is a histogram whose text is a quarter of its encoding.
func bounds(n int) []byte {
	return []byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"explicitBounds":[` +
		strings.TrimSuffix(strings.Repeat("0,", n), ",") + `]}]}}]}]}]}`)
}

func TestAppendWireWithin(t *testing.T) {
	f := func(text []byte, limit int, ok bool) {
		t.Helper()
		got, err := AppendWireWithin([]byte("before"), wire.Metrics, text, limit)
		if ok && err != nil || !ok && (!errors.Is(err, ErrTooLong) || string(got) != "before") {
			t.Errorf("%d bytes within %d: %d bytes, %v", len(text), limit, len(got), err)
		}
		if cap(got) > 64+2*(limit+len(text)) {
			t.Errorf("a capacity of %d for %d bytes", cap(got), limit)
		}
	}
	whole, err := AppendWire(nil, wire.Metrics, bounds(1000))
	if err != nil {
		t.Fatal(err)
	}
	f(bounds(1000), len(whole), true)
	f(bounds(1000), len(whole)-1, false)
	f(bounds(1000), 0, false)
	f(bounds(100_000), 1000, false)
	f([]byte(`{}`), 0, true)
	if _, err := AppendWireWithin(nil, wire.Metrics, []byte(`{"resourceMetrics":[`), 100); err == nil || errors.Is(err, ErrTooLong) {
		t.Errorf("cut off: %v", err)
	}
}
