package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otlpctl/otlpctl/e2e/harness/cgroups"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Node is a node of a cluster: a containerd and a kubelet with folders, control groups and a range of pod addresses of
// their own.
type Node struct {
	cluster    *Cluster
	index      int
	dir        string
	containerd *process.Process
	kubelet    *process.Process
}

func newNode(c *Cluster, index int) *Node {
	return &Node{cluster: c, index: index, dir: filepath.Join(c.dir, fmt.Sprintf("node-%d", index))}
}

// Name returns the name of the node: "node-0" is the first.
func (n *Node) Name() string { return filepath.Base(n.dir) }

// Address returns the address of the node inside the cluster's network. NodePorts are there.
func (n *Node) Address() string { return n.address(1) }

// pods returns the addresses of the node's pods and of itself.
func (n *Node) pods() string { return n.address(0) + "/24" }

// address returns one of the node's addresses. They are above the control plane's in podRange.
func (n *Node) address(last int) string { return fmt.Sprintf("10.244.%d.%d", n.index+1, last) }

func (n *Node) socket() string { return filepath.Join(n.dir, "containerd.sock") }

// startContainerd starts the node as far as it can go without the API server.
func (n *Node) startContainerd(ctx context.Context) error {
	if err := cgroups.Create(cgroupOf(n.dir)); err != nil {
		return err
	}
	// A node that was stopped has it.
	if _, err := n.cluster.box.run(ctx, nil, "ip", "addr", "replace", n.Address()+"/32", "dev", "lo"); err != nil {
		return err
	}
	if err := n.writeConfig(); err != nil {
		return err
	}
	var err error
	n.containerd, err = n.cluster.launch(ctx, "containerd-"+n.Name(), "containerd", "--config", n.containerdConfig())
	if err != nil {
		return err
	}
	return wait.Until(ctx, startLimit, "containerd of "+n.Name(), func() (bool, error) {
		if !n.containerd.Running() {
			return false, &process.EndedError{Name: n.containerd.Name(), Log: n.containerd.Tail(tailBytes)}
		}
		_, err := n.ctr(ctx, "version")
		return err == nil, nil
	})
}

// startKubelet starts the rest.
func (n *Node) startKubelet(ctx context.Context) error {
	var err error
	n.kubelet, err = n.cluster.launch(ctx, "kubelet-"+n.Name(), alone(n.cluster.hyperkube, "kubelet",
		"--config="+n.kubeletConfig(), "--kubeconfig="+n.cluster.kubeconfig(n.Name()), "--root-dir="+filepath.Join(n.dir, "kubelet"),
		"--cert-dir="+filepath.Join(n.dir, "kubelet", "pki"), "--hostname-override="+n.Name(), "--node-ip="+n.Address(),
		fmt.Sprintf("--node-labels=topology.kubernetes.io/zone=zone-%d", n.index))...)
	return err
}

// Stop takes the power from the node: its processes and containers are killed, and whoever sends to its addresses hears
// nothing.
func (n *Node) Stop(ctx context.Context) error {
	if err := n.firewall(ctx, "--insert"); err != nil {
		return err
	}
	for _, p := range []*process.Process{n.kubelet, n.containerd} {
		if err := kill(p); err != nil {
			return err
		}
	}
	return killContainers(ctx, n.dir)
}

// Start boots a node that was stopped: it has its images and what was on its disk, and no container runs. WaitReady
// waits until the API server knows.
func (n *Node) Start(ctx context.Context) error {
	if err := n.forget(ctx); err != nil {
		return err
	}
	if err := n.firewall(ctx, "--delete"); err != nil {
		return err
	}
	if err := n.startContainerd(ctx); err != nil {
		return err
	}
	return n.startKubelet(ctx)
}

// forget undoes what no machine still has when it boots: mounts, links, control groups, and what containerd knows of
// running containers.
func (n *Node) forget(ctx context.Context) error {
	mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", n.cluster.box.pid))
	if err != nil {
		return err
	}
	command := []string{"umount", "--lazy"}
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], n.dir+"/") {
			command = slices.Insert(command, 2, fields[4]) // the last mounted first
		}
	}
	if len(command) > 2 {
		if _, err := n.cluster.box.run(ctx, nil, command...); err != nil {
			return err
		}
	}
	for _, dir := range []string{n.state(), n.addresses()} {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return errors.Join(n.unlink(ctx), cgroups.Remove(ctx, cgroupOf(n.dir)))
}

// unlink removes the links to pods. Connections that were open keep the networks of dead pods for a while, and with them
// the routes to addresses that new pods get.
func (n *Node) unlink(ctx context.Context) error {
	return wait.Until(ctx, stopLimit, "links to dead pods to go", func() (bool, error) {
		routes, err := n.cluster.box.run(ctx, nil, "ip", "route", "show", "root", n.pods())
		for line := range strings.Lines(string(routes)) {
			if _, link, ok := strings.Cut(line, " dev "); ok {
				_, _ = n.cluster.box.run(ctx, nil, "ip", "link", "delete", strings.Fields(link)[0]) // it may have gone since
			}
		}
		return len(routes) == 0, err
	})
}

// firewall inserts or deletes the rules that drop what comes from the node's addresses and what goes there.
func (n *Node) firewall(ctx context.Context, action string) error {
	for _, direction := range []string{"--source", "--destination"} {
		_, err := n.cluster.box.run(ctx, nil, "iptables", "--wait", "--table", "raw", action, "PREROUTING", direction, n.pods(),
			"--jump", "DROP")
		if err != nil {
			return err
		}
	}
	return nil
}

// WaitReady waits until nodes are Ready, and fails if that takes more than two minutes.
func (c *Cluster) WaitReady(ctx context.Context, nodes ...*Node) error {
	targets := []string{"--timeout=" + startLimit.String()}
	for _, n := range nodes {
		targets = append(targets, "node/"+n.Name())
	}
	// A cluster without the account takes no pod.
	_, err := c.Kubectl(ctx, "wait", "--for=create", "serviceaccount/default", targets[0])
	if err != nil {
		return err
	}
	for _, condition := range []string{"create", "condition=Ready"} {
		if _, err := c.Kubectl(ctx, append([]string{"wait", "--for=" + condition}, targets...)...); err != nil {
			return err
		}
	}
	return nil
}

// KillContainer kills the containers of a pod with SIGKILL. The kubelet notices, and starts them again.
func (n *Node) KillContainer(ctx context.Context, namespace, pod string) error {
	of := fmt.Sprintf(`labels."io.kubernetes.pod.namespace"==%q,labels."io.kubernetes.pod.name"==%q,labels."io.cri-containerd.kind"==container`,
		namespace, pod)
	found, err := n.ctr(ctx, "containers", "list", "--quiet", of)
	if err != nil {
		return err
	}
	running, err := n.ctr(ctx, "tasks", "list", "--quiet")
	if err != nil {
		return err
	}
	killed := 0
	for id := range strings.FieldsSeq(string(found)) {
		if !slices.Contains(strings.Fields(string(running)), id) {
			continue // it has ended before
		}
		if _, err := n.ctr(ctx, "tasks", "kill", "--signal", "SIGKILL", id); err != nil {
			return err
		}
		killed++
	}
	if killed == 0 {
		return fmt.Errorf("no container of %s/%s runs on %s", namespace, pod, n.Name())
	}
	return nil
}

// importImage imports a docker-archive.
func (n *Node) importImage(ctx context.Context, archive string) error {
	path, err := filepath.Abs(archive)
	if err != nil {
		return err
	}
	_, err = n.ctr(ctx, "images", "import", path)
	return err
}

// ctr runs containerd's client in the namespace of its that the kubelet uses.
func (n *Node) ctr(ctx context.Context, args ...string) ([]byte, error) {
	return n.cluster.box.run(ctx, nil, append([]string{"ctr", "--address", n.socket(), "--namespace", "k8s.io"}, args...)...)
}
