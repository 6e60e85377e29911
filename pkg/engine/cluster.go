package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Command is a program that takes the archive of an image from its standard input, for the images
// that a local cluster runs.
type Command struct {
	name string
	args []string
}

// Containerd returns the loader for the containerd at a socket, or at the usual one. Images go where
// its Kubernetes finds them.
func Containerd(address string) *Command {
	c := &Command{name: "ctr", args: importArgs()}
	if address != "" {
		c.args = append([]string{"--address", address}, c.args...)
	}
	return c
}

// K3s returns the loader for the k3s on this machine.
func K3s() *Command { return &Command{name: "k3s", args: append([]string{"ctr"}, importArgs()...)} }

func importArgs() []string { return []string{"--namespace", "k8s.io", "images", "import", "-"} }

// Load runs the program. What it says is the error if it fails.
func (c *Command) Load(ctx context.Context, archive io.Reader) error {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, c.name, c.args...) //nolint:gosec // the two programs above
	cmd.Stdin, cmd.Stdout, cmd.Stderr = archive, &said, &said
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return hinted.New(fmt.Errorf("load the image: there is no program %s on this machine", c.name), "run this on the machine of the cluster's node")
	case strings.Contains(said.String(), "permission denied"):
		return hinted.New(c.failed(err, said.String()), "the socket belongs to root: run this as root")
	case strings.Contains(said.String(), "failed to dial"), strings.Contains(said.String(), "no such file or directory"),
		strings.Contains(said.String(), "connection refused"):
		return hinted.New(c.failed(err, said.String()), "is it running? --address names the socket of another containerd")
	}
	return c.failed(err, said.String())
}

func (c *Command) failed(err error, said string) error {
	return fmt.Errorf("load the image: %s: %w%s", strings.Join(append([]string{c.name}, c.args...), " "), err, indented(said))
}

// indented returns what a program said, on lines of its own.
func indented(said string) string {
	said = strings.TrimSpace(said)
	if said == "" {
		return ""
	}
	return "\n" + said
}

// kindLabel is the label by which kind knows the containers that are nodes, with the name of their
// cluster.
const kindLabel = "io.x-k8s.kind.cluster"

// KindCluster is a cluster whose nodes are containers of an engine.
type KindCluster struct {
	engine *Engine
	nodes  []string // their names
}

// Kind returns the cluster of that name.
func (e *Engine) Kind(ctx context.Context, cluster string) (*KindCluster, error) {
	found, err := e.api.ContainerList(ctx, container.ListOptions{Filters: filters.NewArgs(filters.Arg("label", kindLabel+"="+cluster))})
	if err != nil {
		return nil, e.explain(ctx, "list the nodes of kind", err)
	}
	k := &KindCluster{engine: e}
	for _, c := range found {
		if c.Labels["io.x-k8s.kind.role"] != "external-load-balancer" {
			k.nodes = append(k.nodes, strings.TrimPrefix(c.Names[0], "/"))
		}
	}
	if len(k.nodes) == 0 {
		return nil, hinted.New(
			fmt.Errorf("no node of a kind cluster %q runs on the container engine at %s", cluster, e.host),
			"'kind get clusters' lists them, and --cluster names one",
		)
	}
	return k, nil
}

// Load gives the archive to every node at once: it is read only once.
func (k *KindCluster) Load(ctx context.Context, archive io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	faults := make([]error, len(k.nodes)+1)
	var writers []io.Writer
	var pipes []*io.PipeWriter
	var loading sync.WaitGroup
	for i, node := range k.nodes {
		reader, writer := io.Pipe()
		writers, pipes = append(writers, writer), append(pipes, writer)
		loading.Go(func() {
			faults[i] = k.load(ctx, node, reader)
			_ = reader.CloseWithError(errGivenUp) // cannot fail
		})
	}
	_, err := io.Copy(io.MultiWriter(writers...), archive)
	for _, pipe := range pipes {
		pipe.CloseWithError(err)
	}
	loading.Wait()
	if !errors.Is(err, errGivenUp) {
		faults[len(k.nodes)] = err
	}
	return errors.Join(faults...)
}

// load gives the archive to one node.
func (k *KindCluster) load(ctx context.Context, node string, archive io.Reader) error {
	api, what := k.engine.api, "load the image into node "+node
	created, err := api.ContainerExecCreate(ctx, node, container.ExecOptions{
		AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: append([]string{"ctr"}, importArgs()...),
	})
	if err != nil {
		return k.engine.explain(ctx, what, err)
	}
	attached, err := api.ContainerExecAttach(ctx, created.ID, container.ExecAttachOptions{})
	if err != nil {
		return k.engine.explain(ctx, what, err)
	}
	defer attached.Close()
	defer context.AfterFunc(ctx, attached.Close)()
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(attached.Conn, archive)
		sent <- errors.Join(err, attached.CloseWrite())
	}()
	var said bytes.Buffer
	if _, err := stdcopy.StdCopy(&said, &said, attached.Reader); err != nil {
		return k.engine.explain(ctx, what, err)
	}
	state, err := api.ContainerExecInspect(ctx, created.ID)
	if err != nil {
		return k.engine.explain(ctx, what, err)
	}
	if state.ExitCode != 0 {
		return fmt.Errorf("%s: exit code %d%s", what, state.ExitCode, indented(said.String()))
	}
	if err := <-sent; err != nil {
		return k.engine.explain(ctx, what, err)
	}
	return nil
}
