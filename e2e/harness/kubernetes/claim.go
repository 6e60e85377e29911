package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/cgroups"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	// place holds the folders of clusters. It is not $TMPDIR: the path of a socket has 108 bytes at most.
	place     = "/tmp"
	pattern   = "otlpctl-kubernetes-*"
	lockFile  = "lock"
	pluginDir = "/usr/lib/cni"
)

// find says what is missing on this machine.
func find() error {
	if os.Getuid() != 0 {
		return errors.New("a Kubernetes cluster needs root")
	}
	for _, p := range []struct{ program, debian string }{
		{"etcd", "etcd-server"},
		{"containerd", "containerd"},
		{"runc", "runc"},
		{filepath.Join(pluginDir, "ptp"), "containernetworking-plugins"},
		{"iptables", "iptables"},
		{"ip", "iproute2"},
		{"mount", "mount"},
		{"nsenter", "util-linux"},
	} {
		if _, err := exec.LookPath(p.program); err != nil {
			return fmt.Errorf("%w (Debian: %s)", err, p.debian)
		}
	}
	return nil
}

// claim makes the folder of a cluster. Whoever holds its lock owns it.
func claim(ctx context.Context) (dir string, unlock func(), err error) {
	release, err := lockPlace(ctx)
	if err != nil {
		return "", nil, err
	}
	defer release()
	if err := sweep(ctx); err != nil {
		return "", nil, err
	}
	if dir, err = os.MkdirTemp(place, pattern); err != nil {
		return "", nil, err
	}
	unlock, ok, err := programs.TryLock(filepath.Join(dir, lockFile))
	if err == nil && !ok {
		err = fmt.Errorf("%s is new and locked", dir)
	}
	return dir, unlock, err
}

// Sweep removes what clusters have left whose process was killed: their containers run on.
func Sweep(ctx context.Context) error {
	release, err := lockPlace(ctx)
	if err != nil {
		return err
	}
	defer release()
	return sweep(ctx)
}

// lockPlace keeps others from looking at a folder between its making and its locking.
func lockPlace(ctx context.Context) (unlock func(), err error) {
	cache, err := programs.CacheDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	return programs.Lock(ctx, filepath.Join(cache, "kubernetes.lock"))
}

func sweep(ctx context.Context) error {
	dirs, err := filepath.Glob(filepath.Join(place, pattern))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		unlock, ok, err := programs.TryLock(filepath.Join(dir, lockFile))
		if errors.Is(err, fs.ErrNotExist) || err == nil && !ok {
			continue // its owner is removing it, or at work
		}
		if err != nil {
			return err
		}
		err = errors.Join(killContainers(ctx, dir), removeFiles(ctx, dir))
		unlock()
		if err != nil {
			return fmt.Errorf("left by a cluster: %w", err)
		}
	}
	return nil
}

// removeFiles removes the control groups and the files of a cluster whose processes have ended.
func removeFiles(ctx context.Context, dir string) error {
	return errors.Join(cgroups.Remove(ctx, cgroupOf(dir)), os.RemoveAll(dir))
}

// killContainers kills the containers of a cluster or of a node, and then their shims, which no other process would end
// but which take in what was killed.
func killContainers(ctx context.Context, dir string) error {
	if err := killAll(ctx, func() ([]int, error) { return cgroups.Processes(cgroupOf(dir)) }); err != nil {
		return err
	}
	return killAll(ctx, func() ([]int, error) { return shims(dir) })
}

// killAll kills processes until there are none.
func killAll(ctx context.Context, processes func() ([]int, error)) error {
	return wait.Until(ctx, stopLimit, "containers to end", func() (bool, error) {
		left, err := processes()
		for _, pid := range left {
			_ = unix.Kill(pid, unix.SIGKILL) // it may have ended since
		}
		return len(left) == 0, err
	})
}

// shims returns the processes that stand between a containerd below dir and its containers. They know it by its socket.
func shims(dir string) ([]int, error) {
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, path := range all {
		line, _ := os.ReadFile(path) // what cannot be read has ended
		args := bytes.Split(line, []byte{0})
		shim := bytes.HasPrefix([]byte(filepath.Base(string(args[0]))), []byte("containerd-shim"))
		if shim && bytes.Contains(line, []byte(dir+"/")) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				return nil, err
			}
			found = append(found, pid)
		}
	}
	return found, nil
}
