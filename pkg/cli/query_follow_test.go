package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// What is said of an answer without anything in it depends on what was asked.
func TestNoteNothing(t *testing.T) {
	f := func(o queryOptions, since, until, want string) {
		t.Helper()
		for flag, text := range map[*timeFlag]string{&o.since: since, &o.until: until} {
			if text == "" {
				continue
			}
			if err := flag.Set(text); err != nil {
				t.Fatal(err)
			}
		}
		var stderr bytes.Buffer
		noteNothing(term.Plain(strings.NewReader(""), &bytes.Buffer{}, &stderr), &o, "traces")
		if stderr.String() != "note: "+want+"\n" {
			t.Errorf("got %q, want %q", stderr.String(), want)
		}
	}
	const moment = "2026-01-02T15:04:05Z"
	f(queryOptions{}, "", "", "there are no traces of the last hour; --since looks further back")
	f(queryOptions{embedded: true}, "", "", "there are no traces of the last hour; --since looks further back, and otlpctl send sends some")
	f(queryOptions{embedded: true, narrowed: true}, "7d", "", "there are no such traces of the last 7d; --since looks further back")
	f(queryOptions{embedded: true}, moment, "", "there are no such traces")
	f(queryOptions{}, "", "10m", "there are no such traces")
}

func TestNoteLimit(t *testing.T) {
	f := func(o queryOptions, shown int, want string) {
		t.Helper()
		var stderr bytes.Buffer
		noteLimit(term.Plain(strings.NewReader(""), &bytes.Buffer{}, &stderr), &o, shown, "traces")
		if stderr.String() != want {
			t.Errorf("got %q, want %q", stderr.String(), want)
		}
	}
	f(queryOptions{limit: 20}, 20, "note: these are the newest 20 traces, and there may be more: --limit shows them\n")
	f(queryOptions{limit: 20}, 19, "")
	f(queryOptions{limit: 20, limited: true}, 20, "")
}
