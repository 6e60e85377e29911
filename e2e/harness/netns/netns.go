// Package netns gives a test a network namespace of its own: fixed ports such as 4317 are free there, and nothing
// reaches beyond it.
package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace with nothing but a loopback interface. One operating system thread lives in it.
type Namespace struct {
	work chan func()
	left chan struct{} // closed when the thread has left
}

// Run makes a namespace for the length of a test. Where the system does not allow that, the test is skipped, or fails
// with OTLPCTL_E2E_REQUIRE=1.
func Run(t testing.TB) *Namespace {
	t.Helper()
	n, err := Start()
	switch {
	case err == nil:
	case errors.Is(err, unix.EPERM) && os.Getenv("OTLPCTL_E2E_REQUIRE") != "1":
		t.Skipf("no network namespace without CAP_SYS_ADMIN: %v", err)
	default:
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// Start makes a namespace, which lives until Close. Without CAP_SYS_ADMIN the error is EPERM.
func Start() (*Namespace, error) {
	n := &Namespace{work: make(chan func()), left: make(chan struct{})}
	entered := make(chan error)
	go func() {
		defer close(n.left)
		runtime.LockOSThread()
		leave, err := enter()
		if err == nil {
			err = raiseLoopback()
		}
		entered <- err
		if err == nil {
			for f := range n.work {
				f()
			}
		}
		// A thread that cannot go back ends with this goroutine: nothing else may run on it.
		if leave() == nil {
			runtime.UnlockOSThread()
		}
	}()
	if err := <-entered; err != nil {
		return nil, err
	}
	return n, nil
}

// Close gives the namespace up. Processes in it should have ended.
func (n *Namespace) Close() {
	close(n.work)
	<-n.left
}

// enter moves the calling thread into a namespace of its own; leave moves it back. Were the thread to end instead,
// that would kill every process that was ever started on it and asked for that, as those of harness/process do.
func enter() (leave func() error, err error) {
	stay := func() error { return nil }
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return stay, fmt.Errorf("network namespace: %w", err)
	}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		_ = home.Close()
		return stay, fmt.Errorf("new network namespace: %w", err)
	}
	return func() error {
		defer home.Close()
		return unix.Setns(int(home.Fd()), unix.CLONE_NEWNET)
	}, nil
}

func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("bring loopback up: %w", err)
	}
	return nil
}

// Do runs f on the thread in the namespace: sockets that f opens and processes that it starts belong there. f must
// not open them on other goroutines.
func (n *Namespace) Do(f func()) {
	done := make(chan struct{})
	n.work <- func() {
		defer close(done)
		f()
	}
	<-done
}

// Dial connects within the namespace. addr must be an IP address with a port, so that no resolver is asked on
// another thread.
func (n *Namespace) Dial(ctx context.Context, network, addr string) (c net.Conn, err error) {
	n.Do(func() {
		var d net.Dialer
		c, err = d.DialContext(ctx, network, addr)
	})
	return c, err
}
