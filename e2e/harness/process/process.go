// Package process starts the programs under test, watches what they cost, and always stops them.
//
// It signals only processes that it started, by their id.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// DefaultGrace is how long a process may take to stop after SIGTERM before it is killed.
const DefaultGrace = 20 * time.Second

// Spec says what to run.
type Spec struct {
	Name  string        // label in messages, and the base name of the log files
	Path  string        // the executable
	Args  []string      // arguments without the program's name
	Env   []string      // added to PATH and HOME, which is all a program gets of this process's environment
	Cwd   string        // working folder; empty means that of this process
	Dir   string        // folder for NAME.stdout and NAME.stderr; must exist
	Grace time.Duration // zero means DefaultGrace
	CPUs  string        // list for taskset(1), such as "0-1"; empty pins nothing
}

// Process is a started program. Its methods may be called from several goroutines.
type Process struct {
	spec Spec
	cmd  *exec.Cmd
	stop context.CancelFunc
	done chan struct{} // closed once the process has ended and its logs are complete
	err  error         // of waiting, not of the program; valid after done
}

// Start starts a program. When ctx ends it gets SIGTERM, and SIGKILL after its grace.
func Start(ctx context.Context, spec Spec) (*Process, error) {
	if spec.Grace == 0 {
		spec.Grace = DefaultGrace
	}
	p := &Process{spec: spec, done: make(chan struct{})}
	stdout, err := os.Create(p.StdoutPath())
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", spec.Name, err)
	}
	defer stdout.Close()
	stderr, err := os.Create(p.StderrPath())
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", spec.Name, err)
	}
	defer stderr.Close()

	path, args := spec.Path, spec.Args
	if spec.CPUs != "" {
		path, args = "taskset", append([]string{"-c", spec.CPUs, spec.Path}, spec.Args...)
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.cmd = exec.CommandContext(ctx, path, args...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, spec.Env...)
	p.cmd.Dir = spec.Cwd
	p.cmd.Stdout, p.cmd.Stderr = stdout, stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = spec.Grace
	// A test binary that is killed outright must not leave servers behind.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.stop()
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	go p.wait()
	return p, nil
}

func (p *Process) wait() {
	defer close(p.done)
	defer p.stop()
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, context.Canceled) {
		p.err = fmt.Errorf("wait for %s: %w", p.spec.Name, err)
	}
}

// PID returns the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Name returns the label that the process was started under.
func (p *Process) Name() string { return p.spec.Name }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running reports whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Signal sends sig to the process.
func (p *Process) Signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("signal %s: %w", p.spec.Name, err)
	}
	return nil
}

// Wait waits for the end of the process and returns its exit code; -1 means that a signal ended it.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), p.err
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for %s: %w", p.spec.Name, ctx.Err())
	}
}

// Stop asks the process to stop, kills it when its grace has passed, and returns its exit code.
// Stopping a process that has ended is allowed.
func (p *Process) Stop() (int, error) {
	p.stop()
	<-p.done
	return p.cmd.ProcessState.ExitCode(), p.err
}

// StdoutPath returns the file that holds what the process wrote to its standard output.
func (p *Process) StdoutPath() string { return filepath.Join(p.spec.Dir, p.spec.Name+".stdout") }

// StderrPath returns the file that holds what the process wrote to its standard error.
func (p *Process) StderrPath() string { return filepath.Join(p.spec.Dir, p.spec.Name+".stderr") }

// Tail returns about the last n bytes of each output, labelled, starting at a line.
func (p *Process) Tail(n int) string {
	var out bytes.Buffer
	for _, path := range []string{p.StdoutPath(), p.StderrPath()} {
		text, err := os.ReadFile(path)
		if err != nil || len(text) == 0 {
			continue
		}
		if cut := len(text) - n; cut > 0 {
			text = text[cut:]
			if i := bytes.IndexByte(text, '\n'); i >= 0 {
				text = text[i+1:]
			}
		}
		fmt.Fprintf(&out, "--- %s\n%s\n", filepath.Base(path), bytes.TrimRight(text, "\n"))
	}
	return out.String()
}
