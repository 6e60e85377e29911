package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
)

// account is whom the server runs as: PostgreSQL refuses to run as root. nil is the user of the tests.
type account struct{ uid, gid int }

func serverAccount() (*account, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		return nil, fmt.Errorf("%w (Debian: util-linux)", err)
	}
	uid, uidErr := strconv.Atoi(found.Uid)
	gid, gidErr := strconv.Atoi(found.Gid)
	return &account{uid, gid}, errors.Join(uidErr, gidErr)
}

// own gives files to the account.
func (a *account) own(paths ...string) error {
	if a == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, a.uid, a.gid); err != nil {
			return err
		}
	}
	return nil
}

// start starts a program as the account. lastSignal, such as "TERM", ends it when the test dies.
func (a *account) start(ctx context.Context, spec process.Spec, lastSignal string) (*process.Process, error) {
	spec.Path, spec.Args = a.command(lastSignal, spec.Path, spec.Args...)
	return process.Start(context.WithoutCancel(ctx), spec)
}

// StartAsUser starts a program as the server's user: some others refuse to run as root, too. The files in own are given to
// that user before. lastSignal, such as "TERM", ends it when the test dies.
func (s *Server) StartAsUser(ctx context.Context, spec process.Spec, lastSignal string, own ...string) (*process.Process, error) {
	if err := s.user.own(own...); err != nil {
		return nil, err
	}
	return s.user.start(ctx, spec, lastSignal)
}

// command returns how to run a program as the account, in the same process. lastSignal ends it when its parent dies.
func (a *account) command(lastSignal, path string, args ...string) (string, []string) {
	if a == nil {
		return path, args
	}
	as := []string{fmt.Sprintf("--reuid=%d", a.uid), fmt.Sprintf("--regid=%d", a.gid), "--clear-groups", "--pdeathsig=" + lastSignal, path}
	return "setpriv", append(as, args...)
}

// childrenOf returns the processes whose parent is pid.
func childrenOf(pid int) ([]int, error) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	var all []int
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		for word := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				return nil, err
			}
			all = append(all, child)
		}
	}
	return all, nil
}

// state returns the state of a process as proc(5) has it, "T" for stopped and "Z" for a zombie; empty if it is gone.
func state(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text[strings.LastIndex(string(text), ")")+1:]), " ")
	found, _, _ := strings.Cut(rest, " ")
	return found
}

// ended reports whether a process is gone, but for what its parent has not asked for.
func ended(pid int) bool {
	switch state(pid) {
	case "", "X", "Z":
		return true
	default:
		return false
	}
}

// stopped reports whether a process stands still, or is gone.
func stopped(pid int) bool { return state(pid) == "T" || ended(pid) }
