package term

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// screen is what is left on a terminal after text with the sequences that progress uses.
type screen struct {
	width int
	lines []string
	row   int
}

func (s *screen) write(t *testing.T, text string) {
	t.Helper()
	for text != "" {
		var up int
		switch {
		case strings.HasPrefix(text, "\r\x1b[") && strings.Contains(text, "A"):
			if _, err := fmt.Sscanf(text, "\r\x1b[%dA", &up); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			s.row -= up
			text = text[strings.Index(text, "A")+1:]
		case strings.HasPrefix(text, "\x1b[J"):
			s.lines = s.lines[:s.row]
			text = text[len("\x1b[J"):]
		default:
			line, rest, whole := strings.Cut(text, "\x1b[K\n")
			if !whole {
				t.Fatalf("not a whole line: %q", text)
			}
			if len(line) >= s.width {
				t.Errorf("%q wraps at %d", line, s.width)
			}
			s.lines = append(s.lines[:s.row], append([]string{line}, s.lines[min(s.row+1, len(s.lines)):]...)...)
			s.row++
			text = rest
		}
	}
}

// liveProgress returns progress on a terminal of that size. Nothing but the test makes it draw.
func liveProgress(t *testing.T, width, height uint16) (*Progress, *bytes.Buffer, *os.File) {
	t.Helper()
	tty := openTerminal(t, width)
	resize(t, tty, width, height)
	out := newOutput(tty, environment("NO_COLOR=1"))
	var written bytes.Buffer
	out.Writer = &written
	return &Progress{out: out, live: out.moves, quit: make(chan struct{}), ended: map[string]bool{}}, &written, tty
}

func resize(t *testing.T, tty *os.File, width, height uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: height, Col: width}); err != nil {
		t.Fatal(err)
	}
}

func TestLiveProgress(t *testing.T) {
	p, written, _ := liveProgress(t, 40, 6)
	s := screen{width: 40}
	f := func(want ...string) {
		t.Helper()
		p.show(p.began().Add(time.Second))
		s.write(t, written.String())
		written.Reset()
		if got := strings.Join(s.lines, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("on the screen:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
		}
	}
	f()
	p.Update(Step{ID: "1", Text: "one"})
	f("running    1.0s  one")
	p.Update(Step{ID: "1", Log: "said\nsays"})
	f("running    1.0s  one", "                 says")
	p.Update(Step{ID: "2", Text: "two is so long that it does not fit", State: StepCached})
	f("cached           two is so long that it", "running    1.0s  one", "                 says")
	p.Update(Step{ID: "1", State: StepFailed, Took: 3 * time.Second})
	f("cached           two is so long that it", "failed     3.0s  one", "  said", "  says")
	p.Close()
	f("cached           two is so long that it", "failed     3.0s  one", "  said", "  says")
}

// More steps than rows are counted: a block that is higher than the screen cannot be redrawn.
func TestManySteps(t *testing.T) {
	p, _, _ := liveProgress(t, 40, 6)
	for i := range 9 {
		p.Update(Step{ID: fmt.Sprint(i), Text: "step", Log: "says"})
	}
	got := p.block(time.Now())
	if len(got) != 5 || got[4] != "        and 5 more" {
		t.Errorf("%q", got)
	}
}

// Lines that the terminal has wrapped since are erased as well.
func TestResize(t *testing.T) {
	p, written, tty := liveProgress(t, 80, 24)
	p.Update(Step{ID: "1", Text: strings.Repeat("x", 50)})
	p.show(p.began())
	resize(t, tty, 40, 24)
	written.Reset()
	p.show(p.began())
	if !strings.HasPrefix(written.String(), "\r\x1b[2A") {
		t.Errorf("%q", written.String())
	}
}

// On a real terminal the goroutine draws, and ends with Close.
func TestDrawing(t *testing.T) {
	keyboard, tty := openTerminalAndKeyboard(t, 60)
	p := NewProgress(newOutput(tty, environment("TERM=xterm")))
	p.Update(Step{ID: "1", Text: "one"})
	text := make([]byte, 512)
	n, err := keyboard.Read(text)
	p.Close()
	if err != nil || !strings.Contains(string(text[:n]), "running") {
		t.Errorf("%q %v", text[:n], err)
	}
}

// began returns when the first step that runs began.
func (p *Progress) began() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.steps) == 0 {
		return time.Now()
	}
	return p.steps[0].began
}
