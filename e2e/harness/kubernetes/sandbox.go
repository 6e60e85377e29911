package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Addresses inside the sandbox. Nothing outside knows them.
const (
	serviceRange = "10.96.0.0/16"
	kubeService  = "10.96.0.1" // the first of them, which is the API server's
	podRange     = "10.244.0.0/16"
	// controlPlane is the address of the control plane, which no node has: each can be lost.
	controlPlane = "10.244.0.1"
)

// kubeletFolder is where a kubelet keeps the sockets of its plugins, whatever its root folder is.
const kubeletFolder = "/var/lib/kubelet"

// sandbox is a network and a mount namespace: what runs in it sees the files of this machine, but what it mounts, what
// it listens on, its routes and its firewall are its own, and it reaches nothing outside. Both go with the last process
// in them.
type sandbox struct {
	pid int // of a process that lives in it
}

// openSandbox makes a sandbox, which lives as long as the process that is returned with it. dir takes what programs
// would leave in the folders of this machine.
func openSandbox(ctx context.Context, dir string) (sandbox, *process.Process, error) {
	holder, err := process.Start(context.WithoutCancel(ctx), process.Spec{
		Name: "sandbox", Path: "unshare", Dir: dir,
		Args: []string{"--net", "--mount", "--propagation", "private", "--", "sleep", "infinity"},
	})
	if err != nil {
		return sandbox{}, nil, err
	}
	s := sandbox{pid: holder.PID()}
	err = wait.Until(ctx, startLimit, "the namespaces", func() (bool, error) {
		if !holder.Running() {
			return false, &process.EndedError{Name: holder.Name(), Log: holder.Tail(tailBytes)}
		}
		name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", s.pid))
		return string(name) == "sleep\n", err
	})
	if err == nil {
		err = errors.Join(s.furnish(ctx), s.shield(ctx, dir))
	}
	return s, holder, err
}

// furnish lays the network. The addresses of Services have a route, because a packet must have one before kube-proxy's
// rules send it elsewhere; what these do not know yet is rejected, or a connection that is too early would hang for good.
func (s sandbox) furnish(ctx context.Context) error {
	for _, command := range []string{
		"ip link set lo up",
		"ip addr add " + controlPlane + "/32 dev lo",
		"ip route add " + serviceRange + " dev lo src " + controlPlane,
		"tee /proc/sys/net/ipv4/ip_forward", // the namespace's own
		"iptables --append OUTPUT --destination " + serviceRange + " --jump REJECT",
		"iptables --append FORWARD --destination " + serviceRange + " --jump REJECT",
	} {
		if _, err := s.run(ctx, strings.NewReader("1"), strings.Fields(command)...); err != nil {
			return err
		}
	}
	return nil
}

// shield covers the folders of this machine that containerd, the plugins and the kubelet write to without being asked,
// and the settings of the kernel that a kubelet changes: it finds them as it wants them.
func (s sandbox) shield(ctx context.Context, dir string) error {
	for _, folder := range []string{"/run", "/var/log", "/var/lib/cni", kubeletFolder} {
		// Not all of them are part of Debian's packages.
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if _, err := s.run(ctx, nil, "mount", "-t", "tmpfs", "tmpfs", folder); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{
		"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
		"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
	} {
		file := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(file, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if _, err := s.run(ctx, nil, "mount", "--bind", file, "/proc/sys/"+name); err != nil {
			return err
		}
	}
	// What a kubelet mounts in its own namespace is seen by containerd, but for that folder.
	if _, err := s.run(ctx, nil, "mount", "--make-rshared", "/"); err != nil {
		return err
	}
	_, err := s.run(ctx, nil, "mount", "--make-private", kubeletFolder)
	return err
}

// alone returns a command that sees a kubeletFolder of its own. With one for all of them, a kubelet that starts removes
// the sockets of another, and of two that start in the same moment one ends.
func alone(command ...string) []string {
	return append([]string{
		"unshare", "--mount", "--propagation", "unchanged", "--",
		"sh", "-c", `mount -t tmpfs tmpfs ` + kubeletFolder + ` && exec "$0" "$@"`,
	}, command...)
}

// enter returns the arguments of nsenter that run a command in the sandbox.
func (s sandbox) enter(command ...string) []string {
	return append([]string{"--target", strconv.Itoa(s.pid), "--net", "--mount", "--"}, command...)
}

// run runs a command in the sandbox to its end and returns what it wrote to its standard output.
func (s sandbox) run(ctx context.Context, stdin io.Reader, command ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "nsenter", s.enter(command...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

// dial connects from within the sandbox. addr must be an IP address with a port: a name would be looked up elsewhere.
func (s sandbox) dial(ctx context.Context, network, addr string) (conn net.Conn, err error) {
	return conn, errors.Join(s.within(func() {
		var dialer net.Dialer
		conn, err = dialer.DialContext(ctx, network, addr)
	}), err)
}

// listen listens on addr within the sandbox.
func (s sandbox) listen(ctx context.Context, addr string) (listener net.Listener, err error) {
	return listener, errors.Join(s.within(func() { listener, err = loopback.Listen(ctx, addr) }), err)
}

// within runs f on a thread in the sandbox's network: what it opens, on no other goroutine, belongs there.
func (s sandbox) within(f func()) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := enterNetwork(s.pid)
		if err != nil {
			done <- err // the thread may be anywhere: it ends with this goroutine
			return
		}
		defer home.Close()
		f()
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- nil
	}()
	return <-done
}

// enterNetwork moves the calling thread into the network of a process and returns the namespace that it came from.
func enterNetwork(pid int) (home *os.File, err error) {
	away, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return nil, err
	}
	defer away.Close()
	if home, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return nil, err
	}
	if err := unix.Setns(int(away.Fd()), unix.CLONE_NEWNET); err != nil {
		_ = home.Close() // it was only read
		return nil, fmt.Errorf("enter the network namespace of %d: %w", pid, err)
	}
	return home, nil
}
