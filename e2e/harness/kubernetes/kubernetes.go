// Package kubernetes runs a real Kubernetes cluster for the tests: etcd, the control plane, and nodes with a kubelet and
// a containerd each, all on this machine and in namespaces of their own, out of which nothing reaches.
//
// The nodes share the kernel and the network of the cluster, so that one process that enters the network can talk to
// every pod and Service. They share kube-proxy too, which takes itself to be on the first node: what prefers endpoints
// on the same node or in the same zone shows nothing here. There is no DNS, no metrics server and no storage provisioner.
package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/loopback"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
)

// Limits are for machines that do much else at the same time.
const (
	startLimit = 2 * time.Minute
	stopLimit  = time.Minute
	killGrace  = time.Second // what is stopped here has nothing to save
	tailBytes  = 4 << 10
)

// VersionVar names the environment variable that chooses the version of Kubernetes, such as 1.35.4.
const VersionVar = "OTLPCTL_E2E_KUBERNETES"

// Options are those of a cluster; the zero value is the cluster that tests share.
type Options struct {
	Nodes   int    // zero means 2
	Version string // such as "1.36.3"; empty means $OTLPCTL_E2E_KUBERNETES, then programs.KubernetesVersion
}

func (o *Options) complete() {
	if o.Nodes == 0 {
		o.Nodes = 2
	}
	if o.Version == "" {
		o.Version = os.Getenv(VersionVar)
	}
	if o.Version == "" {
		o.Version = programs.KubernetesVersion
	}
}

// Build builds what Start needs and the cache does not have.
func Build(ctx context.Context, o Options) error {
	o.complete()
	_, err := programs.Kubernetes(ctx, o.Version)
	return err
}

// Cluster is a running cluster.
type Cluster struct {
	version   string
	hyperkube string // the program that is every component
	dir       string // all that the cluster writes
	unlock    func() // gives dir up to whoever finds it
	port      string // of the API server
	box       sandbox
	holder    *process.Process // keeps the sandbox
	forward   *forward         // of the API server's port
	ca        *authority
	control   []*process.Process
	nodes     []*Node
}

// Start starts a cluster and waits until all nodes are Ready. It needs root and Debian's packages of etcd, containerd,
// runc, CNI plugins and iptables; Kubernetes itself is built when it is not in the cache, see programs.Kubernetes.
func Start(ctx context.Context, o Options) (_ *Cluster, err error) {
	o.complete()
	if err := find(); err != nil {
		return nil, err
	}
	c := &Cluster{version: o.Version}
	if c.hyperkube, err = programs.Kubernetes(ctx, o.Version); err != nil {
		return nil, err
	}
	if c.dir, c.unlock, err = claim(ctx); err != nil {
		return nil, err
	}
	if err := c.start(ctx, o.Nodes); err != nil {
		return nil, errors.Join(fmt.Errorf("kubernetes: %w\n%s", err, c.Log()), c.Stop(ctx))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, nodes int) error {
	for _, dir := range []string{c.logs(), pkiDir(c.dir), filepath.Join(c.dir, "bin")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	for i := range nodes {
		c.nodes = append(c.nodes, newNode(c, i))
	}
	addr, err := loopback.Addr(ctx)
	if err != nil {
		return err
	}
	if _, c.port, err = net.SplitHostPort(addr); err != nil {
		return err
	}
	if c.box, c.holder, err = openSandbox(ctx, c.dir); err != nil {
		return err
	}
	// The same address inside and outside: one kubeconfig does for both.
	if c.forward, err = startForward(ctx, addr, c.box); err != nil {
		return err
	}
	if err := errors.Join(c.writePKI(), c.writeKubectl()); err != nil {
		return err
	}
	if err := c.startTogether(ctx); err != nil {
		return err
	}
	if err := c.WaitReady(ctx, c.nodes...); err != nil {
		return err
	}
	return c.describe()
}

// startTogether starts control plane and nodes at the same time: each of them waits for the machine more than for the
// other.
func (c *Cluster) startTogether(ctx context.Context) error {
	pause := filepath.Join(c.dir, "pause.tar")
	if err := WriteImage(ctx, pause, pauseImage, "harness/kubernetes/pause"); err != nil {
		return err
	}
	steps := []func() error{func() error { return c.startControl(ctx) }}
	for _, n := range c.nodes {
		steps = append(steps, func() error {
			if err := n.startContainerd(ctx); err != nil {
				return err
			}
			return n.importImage(ctx, pause)
		})
	}
	if err := together(steps...); err != nil {
		return err
	}
	for _, n := range c.nodes {
		if err := n.startKubelet(ctx); err != nil {
			return err
		}
	}
	return c.startProxy(ctx)
}

// together runs functions at the same time and returns all their errors.
func together(steps ...func() error) error {
	faults := make(chan error)
	for _, step := range steps {
		go func() { faults <- step() }()
	}
	var all []error
	for range steps {
		all = append(all, <-faults)
	}
	return errors.Join(all...)
}

// Stop ends the cluster and removes what it has left: processes, mounts, networks, control groups and files. It does so
// when ctx has ended, too.
func (c *Cluster) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	defer c.unlock()
	var faults []error
	if c.forward != nil {
		c.forward.close()
	}
	for _, p := range c.control {
		faults = append(faults, kill(p))
	}
	for _, n := range c.nodes {
		faults = append(faults, kill(n.kubelet), kill(n.containerd))
	}
	faults = append(faults, killContainers(ctx, c.dir))
	// Last, as it is what the others live in.
	faults = append(faults, kill(c.holder), removeFiles(ctx, c.dir))
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("kubernetes in %s: %w", c.dir, err)
	}
	return nil
}

// launch starts a program in the sandbox that runs until it is killed.
func (c *Cluster) launch(ctx context.Context, name string, command ...string) (*process.Process, error) {
	// It outlives the test that happens to start it.
	return process.Start(context.WithoutCancel(ctx), process.Spec{
		Name: name, Path: "nsenter", Args: c.box.enter(command...), Dir: c.logs(), Grace: killGrace,
	})
}

// kill ends a process without giving it a chance; nil and one that has ended are allowed.
func kill(p *process.Process) error {
	if p == nil {
		return nil
	}
	_ = p.Signal(os.Kill) // it may have ended
	_, err := p.Stop()
	return err
}

// Version returns the version of Kubernetes, such as "1.36.3".
func (c *Cluster) Version() string { return c.version }

// Server returns the URL of the API server, which is the same inside the cluster's network and outside.
func (c *Cluster) Server() string { return "https://127.0.0.1:" + c.port }

// Kubeconfig returns the path of the kubeconfig of a user who may do everything.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig(admin) }

// Bin returns a folder with the kubectl of the cluster's version, which is that user unless $KUBECONFIG says otherwise.
func (c *Cluster) Bin() string { return filepath.Join(c.dir, "bin") }

// PID returns the id of a process that lives in the cluster's network, for nsenter(1).
func (c *Cluster) PID() int { return c.box.pid }

// Nodes returns the nodes. Node i is in the zone "zone-i".
func (c *Cluster) Nodes() []*Node { return c.nodes }

// Dial connects from within the cluster's network, where pods and Services are reached. addr is an IP address with a
// port.
func (c *Cluster) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return c.box.dial(ctx, network, addr)
}

// Listen listens on a free port of an address in the cluster's network that pods reach, whichever node is lost.
func (c *Cluster) Listen(ctx context.Context) (net.Listener, error) {
	return c.box.listen(ctx, net.JoinHostPort(controlPlane, "0"))
}

// Inside returns spec changed so that the program runs in the cluster's network. Its files and its process id stay
// what they are.
func (c *Cluster) Inside(spec process.Spec) process.Spec {
	spec.Args = append([]string{"--target", strconv.Itoa(c.box.pid), "--net", "--", spec.Path}, spec.Args...)
	spec.Path = "nsenter"
	return spec
}

// LoadImage imports a docker-archive into every node.
func (c *Cluster) LoadImage(ctx context.Context, archive string) error {
	var steps []func() error
	for _, n := range c.nodes {
		steps = append(steps, func() error { return n.importImage(ctx, archive) })
	}
	return together(steps...)
}

// Log returns the end of the log of every process.
func (c *Cluster) Log() string {
	all := append([]*process.Process{c.holder}, c.control...)
	for _, n := range c.nodes {
		all = append(all, n.containerd, n.kubelet)
	}
	var text strings.Builder
	for _, p := range all {
		if p != nil {
			text.WriteString(p.Tail(tailBytes))
		}
	}
	return text.String()
}

// Dir returns the folder that holds all of the cluster.
func (c *Cluster) Dir() string { return c.dir }

func pkiDir(dir string) string { return filepath.Join(dir, "pki") }

func (c *Cluster) logs() string { return filepath.Join(c.dir, "log") }

// cgroupOf returns the control group of the cluster, or of the node of it, that lives in dir.
func cgroupOf(dir string) string { return strings.TrimPrefix(dir, place) }
