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
