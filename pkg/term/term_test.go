package term

import (
	"strings"
	"testing"
)

type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }

// environment looks names up in one NAME=VALUE.
func environment(pair string) func(string) string {
	name, value, _ := strings.Cut(pair, "=")
	return func(key string) string {
		if key == name {
			return value
		}
		return ""
	}
}

func TestColorFlag(t *testing.T) {
	s := Plain(strings.NewReader(""), new(discard), new(discard))
	flag := s.ColorFlag()
	f := func(value string, want bool) {
		t.Helper()
		if err := flag.Set(value); err != nil {
			t.Fatal(err)
		}
		if got := flag.String(); got != value {
			t.Errorf("String() = %q, want %q", got, value)
		}
		for _, o := range []*Output{s.Out, s.Err} {
			if got := o.Paint(Error, "x") != "x"; got != want {
				t.Errorf("--color=%s on a pipe: colored = %v, want %v", value, got, want)
			}
		}
	}
	f("always", true)
	f("auto", false)
	f("never", false)

	if err := flag.Set("sometimes"); err == nil {
		t.Error("--color=sometimes is accepted")
	}
	if got := flag.String(); got != "never" {
		t.Errorf("a refused value changed the flag to %q", got)
	}
}

func TestPaint(t *testing.T) {
	s := Plain(strings.NewReader(""), new(discard), new(discard))
	if err := s.ColorFlag().Set("always"); err != nil {
		t.Fatal(err)
	}
	f := func(style Style, want string) {
		t.Helper()
		if got := s.Out.Paint(style, "a\tb"); got != want {
			t.Errorf("Paint(%d) = %q, want %q", style, got, want)
		}
	}
	f(OK, "\x1b[32ma\tb\x1b[0m")
	f(Warn, "\x1b[33ma\tb\x1b[0m")
	f(Error, "\x1b[1;31ma\tb\x1b[0m")
	f(Hint, "\x1b[36ma\tb\x1b[0m")
	f(Bold, "\x1b[1ma\tb\x1b[0m")
	f(Dim, "\x1b[2ma\tb\x1b[0m")
}

func TestWidthOfAPipe(t *testing.T) {
	if got := newOutput(new(discard), environment("")).Width(); got != plainWidth {
		t.Errorf("Width() = %d, want %d", got, plainWidth)
	}
}
