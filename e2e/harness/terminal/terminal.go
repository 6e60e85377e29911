// Package terminal runs programs on a terminal of their own, as a person at a keyboard does.
package terminal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Size is how many columns and rows a terminal has.
type Size struct{ Columns, Rows uint16 }

// Terminal is a terminal with one program on it.
type Terminal struct {
	keys  *os.File // what a person sees and types into
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // of the program; valid after ended

	mu    sync.Mutex
	shown bytes.Buffer
}

// Interrupt is what Ctrl-C types.
const Interrupt = "\x03"

// Run starts a program on a terminal. It is killed when the test ends, and what it has shown appears when the test failed.
func Run(t testing.TB, size Size, cmd *exec.Cmd) *Terminal {
	t.Helper()
	keys, screen, err := open(size)
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	x := &Terminal{keys: keys, cmd: cmd, ended: make(chan struct{})}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go x.watch()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-x.ended
		if t.Failed() {
			t.Logf("%v:\n%s", cmd.Args, x.Shown())
		}
	})
	return x
}

// open returns both ends of a new terminal.
func open(size Size) (keys, screen *os.File, err error) {
	if keys, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	fd := int(keys.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: size.Columns, Row: size.Rows})
	}
	if err == nil {
		screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		_ = keys.Close()
		return nil, nil, fmt.Errorf("open a terminal: %w", err)
	}
	return keys, screen, nil
}

// watch keeps what is shown until the program has ended: then nobody has the terminal open, and reading fails.
func (x *Terminal) watch() {
	defer close(x.ended)
	chunk := make([]byte, 4096)
	for {
		n, err := x.keys.Read(chunk)
		x.mu.Lock()
		x.shown.Write(chunk[:n])
		x.mu.Unlock()
		if err != nil {
			break
		}
	}
	x.err = x.cmd.Wait()
	_ = x.keys.Close()
}

// Shown returns all that the program has written so far.
func (x *Terminal) Shown() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.shown.String()
}

// Type types a text.
func (x *Terminal) Type(text string) error {
	_, err := x.keys.WriteString(text)
	return err
}

// Wait waits until the program ends, and returns its exit code.
func (x *Terminal) Wait(ctx context.Context) (int, error) {
	select {
	case <-x.ended:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if x.cmd.ProcessState == nil {
		return 0, x.err
	}
	return x.cmd.ProcessState.ExitCode(), nil
}
