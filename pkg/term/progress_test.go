package term

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// plainly returns what a piece of work shows on a stream that is no terminal.
func plainly(t *testing.T, work func(p *Progress)) string {
	t.Helper()
	var shown bytes.Buffer
	synctest.Test(t, func(*testing.T) {
		p := NewProgress(newOutput(&shown, environment("")))
		work(p)
		p.Close()
	})
	return shown.String()
}

func TestPlainProgress(t *testing.T) {
	f := func(want string, news ...Step) {
		t.Helper()
		got := plainly(t, func(p *Progress) {
			for _, n := range news {
				p.Update(n)
			}
		})
		if want := strings.TrimPrefix(want, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	f("")
	f(`
cached           two
done       1.5s  one
`, Step{ID: "1", Text: "one"}, Step{ID: "2", Text: "two", State: StepCached},
		Step{ID: "1", State: StepDone, Took: 1500 * time.Millisecond})
	f(`
done       1m2s  one
`, Step{ID: "1", Text: "one"}, Step{ID: "1", Text: "one", Log: "nobody\nasks\n"}, Step{ID: "1", State: StepDone, Took: 62 * time.Second},
		Step{ID: "1", Text: "again"})
	f(`
failed     2.0s  one
  oh dear
  it broke
`, Step{ID: "1", Text: "one", Log: "oh d"}, Step{ID: "1", Log: "ear\n\n"}, Step{ID: "1", State: StepFailed, Took: 2 * time.Second, Log: "it broke"})
	f(`
stopped    0.0s  one
`, Step{ID: "1", Text: "one"})
	f(`
stopped    0.0s  a b    c
`, Step{ID: "1", Text: "a \x1b[2Jb\tc\x07"})
}

func TestHeartbeat(t *testing.T) {
	got := plainly(t, func(p *Progress) {
		p.Update(Step{ID: "1", Text: "one"})
		time.Sleep(25*time.Second + time.Millisecond)
		synctest.Wait()
		p.Update(Step{ID: "1", State: StepDone, Took: 25 * time.Second})
		time.Sleep(time.Minute)
	})
	want := "running    1.0s  one\nrunning   11.0s  one\nrunning   21.0s  one\ndone      25.0s  one\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestLogOfAFailure(t *testing.T) {
	got := plainly(t, func(p *Progress) {
		p.Update(Step{ID: "1", Text: "one", Log: strings.Repeat("early\n", 100)})
		p.Update(Step{ID: "1", State: StepFailed, Log: strings.Repeat("late\n", logShown)})
	})
	if strings.Contains(got, "early") || strings.Count(got, "late") != logShown {
		t.Errorf("not the last %d lines:\n%s", logShown, got)
	}
}

func TestPrintableLine(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := printableLine(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("plain é 世界\r\n", "plain é 世界")
	f("10%\r 50%\r100%\r\n", "100%")
	f("\x1b[91moops\x1b[0m", "oops")
	f("a\x1b]0;title", "a]0;title")
	f("a\x1b[", "a")
	f("a\x00b\xffc", "ab\ufffdc")
}

func FuzzPrintableLine(f *testing.F) {
	f.Add("a\x1b[31;1mb\rc\td")
	f.Fuzz(func(t *testing.T, text string) {
		line := printableLine(text)
		if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Errorf("%q is shown as %q", text, line)
		}
	})
}

func TestTail(t *testing.T) {
	f := func(n int, portions []string, want ...string) {
		t.Helper()
		var log tail
		for _, p := range portions {
			log.write(p)
		}
		if got := log.last(n); !slices.Equal(got, want) {
			t.Errorf("%q: the last %d are %q, want %q", portions, n, got, want)
		}
	}
	f(3, nil)
	f(3, []string{"a\nb\nc\nd\n"}, "b", "c", "d")
	f(3, []string{"a\n\nb", "b\nc"}, "a", "bb", "c")
	f(1, []string{strings.Repeat("x", 2*keptBytes), "y\n"}, strings.Repeat("x", keptBytes))
}

// A step that goes on may say something else: where nothing is redrawn, that is a line.
func TestRenamedStep(t *testing.T) {
	got := plainly(t, func(p *Progress) {
		p.Update(Step{ID: "1", Text: "starts"})
		time.Sleep(300 * time.Millisecond)
		p.Update(Step{ID: "1", Text: "runs"})
		p.Update(Step{ID: "1", Text: "runs"})
		p.Update(Step{ID: "1"})
		p.Note("by the way")
		p.Update(Step{ID: "1", Text: "is over", State: StepDone, Took: time.Second})
	})
	want := "running    0.3s  runs\nby the way\ndone       1.0s  is over\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
