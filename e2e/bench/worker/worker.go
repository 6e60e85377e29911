// Package worker lets the benchmark talk to its generator and its sink, which are processes of their own so that the
// CPU time of the server is the server's alone. Calls and answers are lines of JSON on standard input and output.
package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// reply is one line of an answer.
type reply struct {
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

// Serve answers calls from in on out until in ends. Calls are handled one after the other.
func Serve[Call, Result any](in io.Reader, out io.Writer, handle func(Call) (Result, error)) error {
	lines := json.NewDecoder(bufio.NewReader(in))
	answers := json.NewEncoder(out)
	for {
		var call Call
		if err := lines.Decode(&call); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read call: %w", err)
		}
		var r reply
		result, err := handle(call)
		if err != nil {
			r.Error = err.Error()
		} else if r.Result, err = json.Marshal(result); err != nil {
			return fmt.Errorf("encode result: %w", err)
		}
		if err := answers.Encode(r); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
}

// Worker is a process that serves calls.
type Worker struct {
	name string
	cmd  *exec.Cmd
	in   io.WriteCloser

	mu  sync.Mutex // one call at a time
	out *json.Decoder
}

// Spec says what to start.
type Spec struct {
	Name   string // for messages
	Path   string
	Args   []string
	CPUs   string    // list for taskset(1); empty pins nothing
	Stderr io.Writer // takes what the process writes to its standard error
}

// Start starts a process. It is stopped by Close, and at the latest when ctx ends.
func Start(ctx context.Context, spec Spec) (*Worker, error) {
	name, path, args := spec.Name, spec.Path, spec.Args
	if spec.CPUs != "" {
		path, args = "taskset", append([]string{"-c", spec.CPUs, path}, args...)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stderr = spec.Stderr
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return &Worker{name: name, cmd: cmd, in: in, out: json.NewDecoder(out)}, nil
}

// Call sends one call and decodes its result into result. It ends early only when the process does.
func (w *Worker) Call(call, result any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := json.NewEncoder(w.in).Encode(call); err != nil {
		return fmt.Errorf("call %s: %w", w.name, err)
	}
	var r reply
	if err := w.out.Decode(&r); err != nil {
		return fmt.Errorf("call %s: %w", w.name, err)
	}
	if r.Error != "" {
		return fmt.Errorf("%s: %s", w.name, r.Error)
	}
	if err := json.Unmarshal(r.Result, result); err != nil {
		return fmt.Errorf("call %s: %w", w.name, err)
	}
	return nil
}

// Close ends the process by closing its standard input, and waits for it.
func (w *Worker) Close() error {
	_ = w.in.Close() // fails only when the process is gone
	if err := w.cmd.Wait(); err != nil {
		return fmt.Errorf("stop %s: %w", w.name, err)
	}
	return nil
}
