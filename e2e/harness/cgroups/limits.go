package cgroups

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// period is what the kernel shares processors out by, in microseconds: its own default.
const period = 100_000

// Limits are what the processes of a group may take together.
type Limits struct {
	CPU    float64 // processors
	Memory int64   // bytes
}

// Limit limits a group that Create has made.
func Limit(name string, l Limits) error {
	quota := strconv.Itoa(int(l.CPU * period))
	memory := strconv.FormatInt(l.Memory, 10)
	if unified() {
		return errors.Join(
			set("", name, "cpu.max", quota+" "+strconv.Itoa(period)),
			set("", name, "memory.max", memory),
		)
	}
	return errors.Join(
		set("cpu", name, "cpu.cfs_quota_us", quota),
		set("memory", name, "memory.limit_in_bytes", memory),
	)
}

// set writes to a file of a group; controller is the hierarchy with the first version.
func set(controller, name, file, value string) error {
	if err := os.WriteFile(filepath.Join(root, controller, name, file), []byte(value), 0o644); err != nil {
		return fmt.Errorf("control group: %w", err)
	}
	return nil
}

// Inside returns the command that moves into a group and then becomes another.
func Inside(name, path string, args []string) (shell string, arguments []string, err error) {
	all, err := hierarchies()
	if err != nil {
		return "", nil, err
	}
	var script strings.Builder
	for _, h := range all {
		fmt.Fprintf(&script, "echo $$ > '%s'; ", filepath.Join(h, name, "cgroup.procs"))
	}
	return "/bin/sh", append([]string{"-e", "-c", script.String() + `exec "$0" "$@"`, path}, args...), nil
}

// WorkingSet returns the bytes that a group takes, without files in memory that nobody has used of late: what Kubernetes
// measures of a container.
func WorkingSet(name string) (int64, error) {
	controller, usage, inactive := "memory", "memory.usage_in_bytes", "total_inactive_file"
	if unified() {
		controller, usage, inactive = "", "memory.current", "inactive_file"
	}
	text, err := os.ReadFile(filepath.Join(root, controller, name, usage))
	if err != nil {
		return 0, fmt.Errorf("control group: %w", err)
	}
	used, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("control group: %w", err)
	}
	stat, err := os.ReadFile(filepath.Join(root, controller, name, "memory.stat"))
	if err != nil {
		return 0, fmt.Errorf("control group: %w", err)
	}
	for line := range strings.Lines(string(stat)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), inactive+" "); ok {
			unused, err := strconv.ParseInt(value, 10, 64)
			return max(0, used-unused), err
		}
	}
	return 0, fmt.Errorf("control group %s: no %s in memory.stat", name, inactive)
}
