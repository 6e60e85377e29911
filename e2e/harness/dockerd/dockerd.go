// Package dockerd runs a container engine of its own for the tests: Docker's daemon with its folders, its socket and its
// bridge, beside one that the machine may have. It changes no firewall rule and no kernel setting, and leaves nothing
// behind.
package dockerd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/cgroups"
	"github.com/otlpctl/otlpctl/e2e/harness/process"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

// Limits are for machines that do much else at the same time.
const (
	startLimit = time.Minute
	stopGrace  = 40 * time.Second // for containers that ignore SIGTERM
	tailBytes  = 8 << 10
)

const (
	// folder is where engines have their folders. It is not $TMPDIR: the path of a socket has 108 bytes at most, and
	// containerd's lie deep.
	folder = "/tmp"
	prefix = "otlpctl-dockerd-"
	// ownerFile holds the id of the process whose tests an engine is for.
	ownerFile = "owner"
)

// Engine is a running Docker daemon.
type Engine struct {
	program string
	dir     string
	bridge  string
	gateway netip.Prefix
	daemon  *process.Process
}

// Start starts an engine and waits until it answers. It needs root, dockerd, containerd and runc.
func Start(ctx context.Context) (_ *Engine, err error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	sweep(ctx)
	dir, err := os.MkdirTemp(folder, prefix+"*")
	if err != nil {
		return nil, err
	}
	e := &Engine{program: path, dir: dir, bridge: bridgeOf(os.Getpid())}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Stop(ctx))
		}
	}()
	if err := os.WriteFile(filepath.Join(dir, ownerFile), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return nil, err
	}
	if e.gateway, err = addBridge(ctx, e.bridge); err != nil {
		return nil, err
	}
	// Whatever the machine's own engine is told, this one is not.
	if err := os.WriteFile(e.configFile(), []byte("{}"), 0o600); err != nil {
		return nil, err
	}
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

// find returns the path of dockerd, or what is missing.
func find() (string, error) {
	if os.Getuid() != 0 {
		return "", errors.New("an engine needs root")
	}
	for _, name := range []string{"containerd", "runc", "ip"} {
		if _, err := exec.LookPath(name); err != nil {
			return "", fmt.Errorf("%w (Debian: docker.io, iproute2)", err)
		}
	}
	path, err := exec.LookPath("dockerd")
	if err != nil {
		return "", fmt.Errorf("%w (Debian: docker.io)", err)
	}
	return path, nil
}

func (e *Engine) start(ctx context.Context) error {
	var err error
	// The daemon outlives the test that happens to start it.
	e.daemon, err = process.Start(context.WithoutCancel(ctx), process.Spec{
		Name: "dockerd", Path: e.program, Dir: e.dir, Grace: stopGrace,
		Args: []string{
			"--host", e.Host(),
			"--data-root", filepath.Join(e.dir, "data"),
			"--exec-root", filepath.Join(e.dir, "exec"),
			"--pidfile", filepath.Join(e.dir, "pid"),
			"--config-file", e.configFile(),
			"--cgroup-parent", e.cgroup(),
			"--bridge", e.bridge,
			"--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
			"--userland-proxy=true", // publishes ports without the firewall
		},
	})
	if err != nil {
		return err
	}
	return wait.Until(ctx, startLimit, "dockerd to answer", func() (bool, error) {
		if !e.daemon.Running() {
			return false, &process.EndedError{Name: "dockerd", Log: e.Log()}
		}
		return e.Call(ctx, "GET", "/_ping", nil, nil) == nil, nil
	})
}

// Restart stops the engine and starts it again. Its containers are stopped with it, and started again as their restart
// policies say.
func (e *Engine) Restart(ctx context.Context) error {
	if _, err := e.daemon.Stop(); err != nil {
		return err
	}
	return e.start(ctx)
}

// Stop removes all containers, stops the engine and removes what it has left: mounts, bridge, control groups and files.
// It does so when ctx has ended, too.
func (e *Engine) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startLimit)
	defer cancel()
	var faults []error
	if e.daemon != nil && e.daemon.Running() {
		faults = append(faults, e.removeContainers(ctx))
		_, err := e.daemon.Stop()
		faults = append(faults, err)
	}
	faults = append(faults, e.killStrays(ctx), unmountBelow(e.dir), removeBridge(ctx, e.bridge), cgroups.Remove(ctx, e.cgroup()))
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("dockerd in %s: %w", e.dir, err)
	}
	return os.RemoveAll(e.dir)
}

// Host returns the address of the engine as DOCKER_HOST has it.
func (e *Engine) Host() string { return "unix://" + e.socket() }

// Env returns the environment in which clients find this engine and nothing else of the user's Docker.
func (e *Engine) Env() []string {
	return []string{"DOCKER_HOST=" + e.Host(), "DOCKER_CONFIG=" + filepath.Join(e.dir, "config")}
}

// Log returns the end of the engine's log.
func (e *Engine) Log() string { return e.daemon.Tail(tailBytes) }

// PID returns the process id of the daemon.
func (e *Engine) PID() int { return e.daemon.PID() }

// Gateway returns the address of this machine that containers on the default network see.
func (e *Engine) Gateway() netip.Addr { return e.gateway.Addr() }

func (e *Engine) socket() string { return filepath.Join(e.dir, "docker.sock") }

func (e *Engine) configFile() string { return filepath.Join(e.dir, "daemon.json") }

func (e *Engine) cgroup() string { return "/" + filepath.Base(e.dir) }
