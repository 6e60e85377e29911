package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// editor lets a person edit a text that may be secret. The text is a file in a folder that nobody
// else can enter, and what the editor leaves beside it goes with it. From open to close no signal
// ends the process: the folder would stay.
type editor struct {
	folder, file string
	// Apart, so that a Ctrl-C which nobody has looked at does not stand in the way of the others.
	interrupts, ends chan os.Signal
}

// openEditor makes the file. name is what the editor calls it.
func openEditor(name string, text []byte) (*editor, error) {
	e := &editor{interrupts: make(chan os.Signal, 1), ends: make(chan os.Signal, 1)}
	signal.Notify(e.interrupts, os.Interrupt)
	signal.Notify(e.ends, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	var err error
	// The first is in memory, where there is one.
	for _, base := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir()} {
		if base == "" {
			continue
		}
		if e.folder, err = os.MkdirTemp(base, "otlpctl-edit-*"); err == nil {
			break
		}
	}
	if err == nil {
		e.file = filepath.Join(e.folder, filepath.Base(name))
		err = config.NewFile(config.File{Name: e.file, Data: text})
	}
	if err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// close removes the text, wherever the edit has ended.
func (e *editor) close() error {
	defer e.leave()
	if e.folder == "" {
		return nil
	}
	return os.RemoveAll(e.folder)
}

// leave is close, but for the file.
func (e *editor) leave() {
	signal.Stop(e.interrupts)
	signal.Stop(e.ends)
}

// edit runs the editor and returns what it leaves. A Ctrl-C is the editor's own; any other signal
// ends it.
func (e *editor) edit(ctx context.Context, s term.Streams) ([]byte, error) {
	cmd := editorCommand(context.WithoutCancel(ctx), e.file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.In, s.Out.Writer, s.Err.Writer
	cmd.Env = withoutKeys(os.Environ())
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the editor: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return nil, fmt.Errorf("the editor has given up: %w", err)
		}
		files, err := config.ReadFiles([]string{e.file})
		if err != nil {
			return nil, fmt.Errorf("read what the editor has left: %w", err)
		}
		return files[0].Data, nil
	case got := <-e.ends:
		_ = stop(cmd, ended) // it does not matter how it ends now
		return nil, fmt.Errorf("the edit was ended by a signal: %s", got)
	}
}

// stop asks an editor to end, and does not wait for long.
func stop(cmd *exec.Cmd, ended <-chan error) error {
	const patience = 500 * time.Millisecond
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		return <-ended
	}
}

// again asks whether to go on with an edit that cannot be taken. Nobody to ask is a no.
func (e *editor) again(ctx context.Context, s term.Streams) bool {
	if !s.Asks() {
		return false
	}
	// A Ctrl-C in the editor has cancelled ctx, and was not meant for this question.
	asking, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	select {
	case <-e.interrupts: // one that was meant for the editor
	default:
	}
	go func() {
		select {
		case <-e.interrupts:
		case <-e.ends:
		case <-asking.Done():
		}
		cancel()
	}()
	for {
		answer, err := s.Ask(asking, "[e]dit again or [d]iscard the edit?")
		switch answer = strings.ToLower(strings.TrimSpace(answer)); {
		case err != nil || answer == "d" || answer == "discard":
			return false
		case answer == "e" || answer == "edit":
			return true
		}
	}
}

// editorCommand runs what VISUAL or EDITOR says, which may be a program with arguments. A shell is
// between only if it must be: it would get the signals instead.
func editorCommand(ctx context.Context, file string) *exec.Cmd {
	line := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi")
	words := strings.Fields(line)
	if len(words) == 0 || runtime.GOOS != "windows" && strings.ContainsAny(line, "|&;<>()$`\\\"'*?[#~=%") {
		return exec.CommandContext(ctx, "sh", "-c", line+` "$1"`, "sh", file)
	}
	return exec.CommandContext(ctx, words[0], append(words[1:], file)...)
}

// withoutKeys leaves the identity out of an environment: an editor has no use for it.
func withoutKeys(environ []string) []string {
	return slices.DeleteFunc(environ, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(config.KeyVariables(), name)
	})
}
