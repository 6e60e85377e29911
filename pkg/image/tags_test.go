package image_test

import (
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/pkg/image"
)

func TestTags(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		tags, err := image.ParseTags([]string{text})
		got := strings.Join(tags, " ")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	f("a", "a:latest")
	f("a:1", "a:1")
	f("localhost:5000/a/b", "localhost:5000/a/b:latest")
	f("[::1]:5000/a:1", "[::1]:5000/a:1")
	for _, text := range []string{"", " ", "A", "a:", ":a", "a:b:c", "a b", "../a", "/a", "a/", "a..b", "a\nb", "x\x1b[31m", "https://x/y"} {
		_, err := image.ParseTags([]string{text})
		wantError(t, err, "is no name of an image")
		if strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q is repeated as it is", text)
		}
	}
}

func TestCredentialsInNamesAreNotRepeated(t *testing.T) {
	for _, text := range []string{"http://user:secret@h/x", "user:secret@localhost:5000/x:1", "user:secret@h/x@sha256:00"} {
		_, err := image.ParseTags([]string{text})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
		_, _, err = image.Open(t.Context(), text, image.OpenOptions{})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("open %q: %v", text, err)
		}
	}
}
