package dockerd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// killStrays ends what is left of the engine if the daemon could not: the containers' processes, which are in its control
// groups, and their shims, which have its folder on their command lines.
func (e *Engine) killStrays(ctx context.Context) error {
	return wait.Until(ctx, stopGrace, "stray processes to end", func() (bool, error) {
		strays, err := e.strays()
		for _, pid := range strays {
			_ = unix.Kill(pid, unix.SIGKILL) // it may have ended since
		}
		return len(strays) == 0, err
	})
}

func (e *Engine) strays() ([]int, error) {
	proc, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, dir := range proc {
		// Processes come and go: what cannot be read is gone.
		groups, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		contained := bytes.Contains(groups, []byte(":"+e.cgroup()+"/"))
		shim := bytes.Contains(command, []byte(e.dir+"/exec/"))
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && (contained || shim) && alive(pid) {
			found = append(found, pid)
		}
	}
	return found, nil
}

// alive reports whether a process runs; one that has ended and only has not been waited for does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return err == nil && !bytes.HasPrefix(state, []byte("Z"))
}

// sweep cleans up after tests that were killed: what they had started has lost its owner.
func sweep(ctx context.Context) {
	owners, _ := filepath.Glob(filepath.Join(folder, prefix+"*", ownerFile)) // the pattern is right
	for _, path := range owners {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // its owner has just removed it
		}
		owner, err := strconv.Atoi(string(text))
		if err != nil || alive(owner) {
			continue
		}
		left := &Engine{dir: filepath.Dir(path), bridge: bridgeOf(owner)}
		_ = left.Stop(ctx) // others may do the same right now, or the next will
	}
}

// bridgeOf returns the name of the bridge of a process's engine: one per process, of 15 bytes at most.
func bridgeOf(pid int) string { return fmt.Sprintf("otlp%d", pid) }
