package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
	"github.com/otlpctl/otlpctl/e2e/harness/programs"
	"github.com/otlpctl/otlpctl/e2e/harness/wait"
)

const (
	upLimit   = 40 * time.Minute // the first start builds Kubernetes
	downLimit = 2 * time.Minute
)

// site is where the cluster of this user is found. Its process holds the lock as long as it runs.
type site struct{ dir string }

// record is what the process of the cluster tells the other commands.
type record struct {
	PID int    `json:"pid"`
	Dir string `json:"dir,omitempty"` // see kubernetes.Open; empty while the cluster starts
}

func newSite() (site, error) {
	cache, err := programs.CacheDir()
	if err != nil {
		return site{}, err
	}
	s := site{filepath.Join(cache, "cluster")}
	return s, os.MkdirAll(s.dir, 0o700)
}

func (s site) log() string { return filepath.Join(s.dir, "log") }

func (s site) lock() string { return filepath.Join(s.dir, "lock") }

func (s site) recordFile() string { return filepath.Join(s.dir, "cluster.json") }

// running reports whether the process of the cluster is there; it may still be starting.
func (s site) running() (bool, error) {
	unlock, free, err := programs.TryLock(s.lock())
	if free {
		unlock()
	}
	return err == nil && !free, err
}

// write writes the record, whole or not at all: other commands look for it.
func (s site) write(r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.recordFile()+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(s.recordFile()+".new", s.recordFile())
}

// forget removes the record of a cluster that was killed.
func (s site) forget() error {
	if err := os.Remove(s.recordFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// read returns the record of a cluster that is up or starts.
func (s site) read() (record, error) {
	var r record
	text, err := os.ReadFile(s.recordFile())
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%s: %w", s.recordFile(), err)
	}
	return r, nil
}

// up starts the process of the cluster unless it runs, waits until the cluster is ready and prints how to reach it.
func (s site) up(ctx context.Context, out, messages io.Writer, args []string) error {
	if _, err := options(args); err != nil {
		return err
	}
	running, err := s.running()
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	if running {
		_, _ = fmt.Fprintln(messages, "there is one already")
	} else {
		_, _ = fmt.Fprintf(messages, "starting; the first time builds Kubernetes, about ten minutes; log: %s\n", s.log())
		if err := s.launch(args, ended); err != nil {
			return err
		}
	}
	c, err := s.await(ctx, ended)
	if err != nil {
		return err
	}
	return introduce(out, c)
}

// await waits until the cluster is up; it fails at once when ended is closed.
func (s site) await(ctx context.Context, ended <-chan struct{}) (*kubernetes.Cluster, error) {
	var c *kubernetes.Cluster
	err := wait.Until(ctx, upLimit, "the cluster", func() (bool, error) {
		select {
		case <-ended:
			text, err := os.ReadFile(s.log())
			return false, errors.Join(fmt.Errorf("it has ended:\n%s", bytes.TrimSpace(text)), err)
		default:
		}
		r, err := s.read()
		if errors.Is(err, fs.ErrNotExist) || err == nil && r.Dir == "" {
			return false, nil
		}
		if err == nil {
			c, err = kubernetes.Open(r.Dir)
		}
		return err == nil, err
	})
	return c, err
}

// launch starts the process of the cluster, which outlives this one, and closes ended if it ends before.
func (s site) launch(args []string, ended chan<- struct{}) error {
	if err := s.forget(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(s.log())
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(self, append([]string{"serve"}, args...)...) //nolint:noctx // no context of ours ends it
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait() // its log says why
		close(ended)
	}()
	return nil
}

// introduce prints how to reach a cluster, for a shell to evaluate.
func introduce(out io.Writer, c *kubernetes.Cluster) error {
	_, err := fmt.Fprintf(out, `# Kubernetes %s
export KUBECONFIG=%s
export PATH=%s:$PATH
# Pods and Services are reached from inside its network: nsenter --target %d --net COMMAND
`, c.Version(), c.Kubeconfig(), c.Bin(), c.PID())
	return err
}

// serve is the process of the cluster: it starts it, waits to be told to stop, and stops it.
func (s site) serve(ctx context.Context, messages io.Writer, o kubernetes.Options) (err error) {
	unlock, free, err := programs.TryLock(s.lock())
	if err != nil {
		return err
	}
	if !free {
		return errors.New("there is one already")
	}
	defer unlock()
	r := record{PID: os.Getpid()}
	if err := s.write(r); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.forget()) }()
	c, err := kubernetes.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop(ctx)) }()
	r.Dir = c.Dir()
	if err := s.write(r); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(messages, "ready") // its log
	<-ctx.Done()
	return nil
}

func (s site) load(ctx context.Context, archives []string) error {
	r, err := s.read()
	if err == nil && r.Dir == "" {
		err = errors.New("it is starting")
	}
	if err != nil {
		return fmt.Errorf("no cluster is up: %w", err)
	}
	c, err := kubernetes.Open(r.Dir)
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if err := c.LoadImage(ctx, archive); err != nil {
			return err
		}
	}
	return nil
}

// down stops the process of the cluster if it runs, and removes what killed ones have left.
func (s site) down(ctx context.Context, messages io.Writer) error {
	running, err := s.running()
	if err != nil {
		return err
	}
	if running {
		r, err := s.read()
		if err != nil {
			return err
		}
		if err := syscall.Kill(r.PID, syscall.SIGTERM); err != nil {
			return fmt.Errorf("stop process %d: %w", r.PID, err)
		}
		err = wait.Until(ctx, downLimit, "the cluster to stop", func() (bool, error) {
			running, err := s.running()
			return !running, err
		})
		if err != nil {
			return err
		}
	}
	if err := kubernetes.Sweep(ctx); err != nil {
		return err
	}
	if err := s.forget(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(messages, "down")
	return nil
}
