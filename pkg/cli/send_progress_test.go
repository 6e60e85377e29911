package cli

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// A file that is sent twice, and looks in between, are steps of their own: each is shown.
func TestSendProgressShowsEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown bytes.Buffer
		p := &sendProgress{out: term.Plain(nil, &shown, &shown).Err}
		for range 2 {
			p.begin("a.json")
			time.Sleep(2 * sendPatience)
			p.sent(3)
			p.look()
			time.Sleep(2 * sendPatience)
			p.looked(2)
			p.found(true)
			p.end(true)
		}
		p.close()
		for _, want := range []string{"done       4.0s  send a.json: 3 items\n", "done       2.0s  look for what was sent: 0 items missing\n"} {
			if n := strings.Count(shown.String(), want); n != 2 {
				t.Errorf("%q stands there %d times, want 2:\n%s", want, n, shown.String())
			}
		}
	})
}
