package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program puts a shell script into the only folder of PATH.
func script(t *testing.T, name, text string) (folder string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no shell here")
	}
	folder = t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	return folder
}

func TestClusterCommands(t *testing.T) {
	f := func(c *Command, name, want string) {
		t.Helper()
		folder := script(t, name, `echo "$0 $*" >"${0%/*}/said"; read line; echo "$line" >>"${0%/*}/said"`)
		if err := c.Load(t.Context(), strings.NewReader("archive\n")); err != nil {
			t.Fatal(err)
		}
		said, err := os.ReadFile(filepath.Join(folder, "said"))
		if err != nil || string(said) != filepath.Join(folder, name)+" "+want+"\narchive\n" {
			t.Errorf("%s %v, want %s", said, err, want)
		}
	}
	f(Containerd(""), "ctr", "--namespace k8s.io images import -")
	f(Containerd("/run/c.sock"), "ctr", "--address /run/c.sock --namespace k8s.io images import -")
	f(K3s(), "k3s", "ctr --namespace k8s.io images import -")
}

func TestClusterCommandFaults(t *testing.T) {
	f := func(text, want, hint string) {
		t.Helper()
		script(t, "ctr", text)
		err := Containerd("").Load(t.Context(), strings.NewReader("archive"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		hinted, ok := errors.AsType[interface {
			error
			Hint() string
		}](err)
		if hint == "" && ok || hint != "" && (!ok || !strings.Contains(hinted.Hint(), hint)) {
			t.Errorf("%s: %v has no hint %q", text, err, hint)
		}
	}
	f("echo wrong >&2; exit 3", "images import -: exit status 3\nwrong", "")
	f("echo 'dial unix /run/c.sock: permission denied'; exit 1", "permission denied", "as root")
	f("echo 'dial unix /run/c.sock: no such file or directory'; exit 1", "no such file", "--address")
	f("echo 'failed to dial \"/run/c.sock\": context deadline exceeded'; exit 1", "failed to dial", "--address")

	t.Setenv("PATH", t.TempDir())
	if err := K3s().Load(t.Context(), strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "no program k3s") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	script(t, "ctr", "true")
	if err := Containerd("").Load(ctx, strings.NewReader("")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
