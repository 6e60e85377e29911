package cgroups

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// A process moves into a group two levels below one that is made, is found there, and all of it can be removed.
func TestTree(t *testing.T) {
	tree := fmt.Sprintf("/otlpctl-cgroups-%d", os.Getpid())
	programs.Need(t, func(context.Context) (string, error) { return "", Create(tree + "/node/pods") })
	t.Cleanup(func() {
		if err := Remove(context.WithoutCancel(t.Context()), tree); err != nil {
			t.Error(err)
		}
		if err := walk(tree, func(dir string) error { return fmt.Errorf("%s is left", dir) }); err != nil {
			t.Error(err)
		}
	})
	path, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	p := process.Run(t, process.Spec{Name: "sleep", Path: path, Args: []string{"infinity"}})
	join(t, tree+"/node/pods", p.PID())

	f := func(group string, want ...int) {
		t.Helper()
		got, err := Processes(group)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("processes of %s: %v, %v; want %v", group, got, err, want)
		}
	}
	f(tree, p.PID())
	f(tree+"/node", p.PID())
	f(tree + "/other")
}

func join(t *testing.T, group string, pid int) {
	t.Helper()
	all, err := hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		if err := os.WriteFile(h+group+"/cgroup.procs", fmt.Append(nil, pid), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
