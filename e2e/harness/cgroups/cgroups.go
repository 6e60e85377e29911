// Package cgroups makes, searches and removes trees of control groups, of the first version and the second.
//
// A tree is named by its path below the root of the hierarchies, such as "/otlpctl-kubernetes-1/node-0".
package cgroups

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	root = "/sys/fs/cgroup"
	// emptyLimit is how long the kernel may take to be done with processes that were killed.
	emptyLimit = 30 * time.Second
)

// unified reports whether this machine works with the second version alone.
func unified() bool {
	_, err := os.Stat(filepath.Join(root, "cgroup.controllers"))
	return err == nil
}

// hierarchies returns the roots of the trees: the one of the second version, or one for every controller of the first,
// with which the second may be there as well.
func hierarchies() ([]string, error) {
	if unified() {
		return []string{root}, nil
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("control groups: %w", err)
	}
	var all []string
	for _, e := range entries {
		if e.IsDir() { // a link is a second name
			all = append(all, filepath.Join(root, e.Name()))
		}
	}
	return all, nil
}

// Create makes a control group and those above it.
func Create(name string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		dir := h
		for part := range strings.SplitSeq(strings.Trim(name, "/"), "/") {
			parent := dir
			dir = filepath.Join(parent, part)
			if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("control group: %w", err)
			}
			if err := errors.Join(inheritCPUs(parent, dir), delegate(parent)); err != nil {
				return fmt.Errorf("control group: %w", err)
			}
		}
	}
	return nil
}

// inheritCPUs gives a group of the first version the processors of its parent: a new one has none, and then takes no
// process. With the second version there is nothing to read or nothing in it.
func inheritCPUs(parent, dir string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, file))
		if errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(string(value)) == "" {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), value, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// delegate gives the groups below a group of the second version all controllers that it has itself, if that is the
// version which this machine works with.
func delegate(parent string) error {
	if !unified() {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(parent, "cgroup.controllers"))
	if err != nil {
		return err
	}
	var all strings.Builder
	for controller := range strings.FieldsSeq(string(text)) {
		all.WriteString("+" + controller + " ")
	}
	return os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte(all.String()), 0o644)
}

// Processes returns the processes in a control group and in those below it. A group that does not exist has none.
func Processes(name string) ([]int, error) {
	var found []int
	err := walk(name, func(dir string) error {
		text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		if gone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		for field := range strings.FieldsSeq(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return fmt.Errorf("%s/cgroup.procs: %w", dir, err)
			}
			found = append(found, pid)
		}
		return nil
	})
	slices.Sort(found)
	return slices.Compact(found), err
}

// Remove removes a control group and those below it, in which no process may be left.
func Remove(ctx context.Context, name string) error {
	var dirs []string
	err := walk(name, func(dir string) error {
		dirs = append(dirs, dir)
		return nil
	})
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(dirs) {
		err := wait.Until(ctx, emptyLimit, dir+" to be empty", func() (bool, error) {
			err := unix.Rmdir(dir)
			if errors.Is(err, unix.EBUSY) {
				return false, nil
			}
			return err == nil || gone(err), ignoreGone(err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// walk calls f for a group and those below it in every hierarchy, parents first.
func walk(name string, f func(dir string) error) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	for _, h := range all {
		err := filepath.WalkDir(filepath.Join(h, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return ignoreGone(err)
			}
			if !d.IsDir() {
				return nil
			}
			return f(path)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// gone reports whether a group was removed while it was looked at.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) }

func ignoreGone(err error) error {
	if gone(err) {
		return nil
	}
	return err
}
