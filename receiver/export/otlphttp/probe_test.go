package otlphttp

import (
	"net/http"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/receiver/wire"
)

// A probe is a request like all others, with nothing in it.
func TestProbe(t *testing.T) {
	f := func(encoding, compression, want string) {
		t.Helper()
		b := start(t, nil)
		cfg := b.config()
		cfg.Encoding, cfg.Compression = encoding, compression
		e, pool := b.exporter(cfg)
		for _, sig := range wire.Signals() {
			if err := e.Probe(t.Context(), sig); err != nil {
				t.Errorf("%s, %s, %s: %v", encoding, compression, sig, err)
			}
		}
		for i, c := range b.received() {
			if c.path != wire.Signals()[i].Path() || string(c.decoded) != want {
				t.Errorf("%s, %s: %q to %s", encoding, compression, c.decoded, c.path)
			}
		}
		pool.AllFreed(t)
	}
	for _, compression := range []string{"none", "gzip", "zstd"} {
		f("proto", compression, "")
		f("json", compression, "{}")
	}
	b := start(t, say(http.StatusUnauthorized, "who are you?", "Content-Type", "text/plain"))
	e, _ := b.exporter(b.config())
	if err := e.Probe(t.Context(), wire.Logs); err == nil || !strings.Contains(err.Error(), "HTTP 401 Unauthorized: who are you?") {
		t.Errorf("refused: %v", err)
	}
}
