package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// A cluster leaves nothing: not when it is stopped, and not once it is swept up after its process was killed.
func TestLeavesNothing(t *testing.T) {
	programs.Need(t, func(ctx context.Context) (string, error) {
		if err := find(); err != nil {
			return "", err
		}
		return "", Build(ctx, Options{})
	})
	f := func(name string, end func(*Cluster) error) {
		t.Run(name, func(t *testing.T) {
			before := machine(t)
			c, err := Start(t.Context(), Options{Nodes: 1})
			if err != nil {
				t.Fatal(err)
			}
			runPod(t, c)
			if err := end(c); err != nil {
				t.Fatal(err)
			}
			for _, left := range leftovers(t, c.dir) {
				t.Errorf("left: %s", left)
			}
			if after := machine(t); after != before {
				t.Errorf("the cluster has changed\n%s\nto\n%s", before, after)
			}
		})
	}
	f("stopped", func(c *Cluster) error { return c.Stop(t.Context()) })
	f("killed", func(c *Cluster) error {
		c.forward.close()
		var faults []error
		for _, p := range append(c.control, c.nodes[0].kubelet, c.nodes[0].containerd, c.holder) {
			faults = append(faults, kill(p))
		}
		c.unlock()
		if leftovers(t, c.dir) == nil {
			t.Error("a killed cluster leaves nothing to sweep: what is this test for?")
		}
		return errors.Join(append(faults, Sweep(t.Context()))...)
	})
}

// runPod has the cluster run a pod, which mounts things, and waits until it is ready.
func runPod(t *testing.T, c *Cluster) {
	t.Helper()
	_, err := c.Kubectl(t.Context(), "run", "pause", "--image", pauseImage, "--image-pull-policy", "Never")
	if err == nil {
		_, err = c.Kubectl(t.Context(), "wait", "--for=condition=Ready", "pod/pause", "--timeout="+startLimit.String())
	}
	if err != nil {
		t.Error(err)
	}
}

// leftovers returns what there is on this machine of a cluster that lived in dir.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob("/sys/fs/cgroup/*" + cgroupOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		found = append(found, dir)
	}
	of := func(pattern string) {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, _ := os.ReadFile(file) // a process may have ended
			for line := range bytes.Lines(text) {
				// Only a process that has ended and was not waited for is in a group that is deleted.
				if bytes.Contains(line, []byte(filepath.Base(dir))) && !bytes.HasSuffix(line, []byte("(deleted)\n")) {
					found = append(found, file+": "+string(line))
				}
			}
		}
	}
	of("/proc/[0-9]*/cmdline")
	of("/proc/[0-9]*/cgroup")
	of("/proc/self/mountinfo")
	return found
}

// machine returns what components of Kubernetes change on a machine that is their own.
func machine(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"/proc/sys/vm/overcommit_memory", "/proc/sys/vm/panic_on_oom", "/proc/sys/kernel/panic",
		"/proc/sys/kernel/panic_on_oops", "/proc/sys/net/netfilter/nf_conntrack_max", "/proc/sys/net/ipv4/ip_forward",
		"/proc/sys/net/ipv4/conf/all/route_localnet",
	} {
		text, _ := os.ReadFile(path) // nothing, where the kernel has no such thing
		all.WriteString(path + " " + string(text))
	}
	rules, err := exec.CommandContext(t.Context(), "iptables-save").Output()
	if err != nil {
		t.Fatal(err)
	}
	all.Write(regexp.MustCompile(`(?m)^#.*\n|\[[0-9:]*\]`).ReplaceAll(rules, nil)) // dates and counters
	for _, pattern := range []string{"/run/netns/*", "/var/lib/cni/*", "/var/log/containers", "/var/lib/kubelet/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.Join(names, "\n") + "\n")
	}
	return all.String()
}
