package term

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal returns a terminal of the given width, for as long as the test runs.
func openTerminal(t *testing.T, width uint16) *os.File {
	t.Helper()
	_, tty := openTerminalAndKeyboard(t, width)
	return tty
}

// openTerminalAndKeyboard returns a terminal and what types on it and sees its screen.
func openTerminalAndKeyboard(t *testing.T, width uint16) (keyboard, tty *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return master, tty
}

func TestTerminal(t *testing.T) {
	o := newOutput(openTerminal(t, 132), environment("TERM=xterm"))
	if !o.IsTerminal() {
		t.Error("IsTerminal() = false on a terminal")
	}
	if got := o.Width(); got != 132 {
		t.Errorf("Width() = %d, want 132", got)
	}
}

func TestColorOfATerminal(t *testing.T) {
	tty := openTerminal(t, 80)
	f := func(env string, color Color, want bool) {
		t.Helper()
		o := newOutput(tty, environment(env))
		o.setColor(color)
		if got := o.Paint(OK, "x") != "x"; got != want {
			t.Errorf("%s --color=%s: colored = %v, want %v", env, color, got, want)
		}
	}
	f("TERM=xterm", ColorAuto, true)
	f("TERM=xterm", ColorNever, false)
	f("TERM=dumb", ColorAuto, false)
	f("TERM=dumb", ColorAlways, true)
	f("NO_COLOR=1", ColorAuto, false)
	f("NO_COLOR=1", ColorAlways, true)
	f("NO_COLOR=", ColorAuto, true)
}

// One stream may be a terminal while the other is a pipe: each decides for itself.
func TestStreamsDecideApart(t *testing.T) {
	s := Streams{
		Out: newOutput(new(discard), environment("TERM=xterm")),
		Err: newOutput(openTerminal(t, 80), environment("TERM=xterm")),
	}
	if s.Out.Paint(Bold, "x") != "x" {
		t.Error("the pipe is colored")
	}
	if s.Err.Paint(Bold, "x") == "x" {
		t.Error("the terminal is not colored")
	}
}
