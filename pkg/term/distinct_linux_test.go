package term

import (
	"bytes"
	"testing"
)

func TestDistinct(t *testing.T) {
	o := newOutput(new(bytes.Buffer), environment(""))
	if got := o.Distinct(3, "pod"); got != "pod" {
		t.Errorf("without color it is %q", got)
	}
	o.setColor(ColorAlways)
	seen := map[string]int{}
	for n := range 10 {
		text := o.Distinct(n, "pod")
		if other, known := seen[text]; known || text == "pod" {
			t.Errorf("%d and %d both are %q", other, n, text)
		}
		seen[text] = n
	}
	if o.Distinct(0, "pod") != o.Distinct(10, "pod") {
		t.Error("the colors do not begin again")
	}
}

func TestPrintable(t *testing.T) {
	const line = "a\x1b[2Jb\n c\x07"
	if got := newOutput(new(bytes.Buffer), environment("")).Printable(line); got != line {
		t.Errorf("a pipe gets %q", got)
	}
	if got := newOutput(openTerminal(t, 80), environment("TERM=xterm")).Printable(line); got != "ab\n c" {
		t.Errorf("a terminal gets %q", got)
	}
}
