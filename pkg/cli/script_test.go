package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/otlpctl/otlpctl/pkg/term"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"otlpctl":   func() { os.Exit(Main(os.Args[1:], term.System())) },
		"stubborn":  stubborn,
		"patient":   staysPatient,
		"makeimage": makeImage,
	})
}

// quickExit is the variable that keeps a program with the race detector from sleeping for a second
// before it ends.
func quickExit() (name, value string) { return "GORACE", "atexit_sleep_ms=0" }

// stubborn is a command that does not stop when it is told to, but with its standard input.
func stubborn() {
	ctx, stop := interruptible(context.Background())
	defer stop()
	fmt.Println("started")
	<-ctx.Done()
	fmt.Println("cancelled")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// staysPatient is stubborn also when it is told a second time.
func staysPatient() {
	ctx, stop := interruptible(context.Background())
	defer stop()
	var p drainSignals
	defer p.hold()()
	fmt.Println("started")
	<-ctx.Done()
	giveUp := p.draining()
	fmt.Println("cancelled")
	<-giveUp
	fmt.Println("given up")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestScripts holds the binary to its contract: what goes to standard output, what to standard
// error, and with which exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode":    exitCodeIs,
			"receiver":    startReceiver,
			"registry":    startRegistry,
			"makeprogram": makeProgram,
		},
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(quickExit())
			return nil
		},
		RequireUniqueNames: true,
	})
}

// exitCodeIs runs a command that must fail with the given code: exitcode 2 otlpctl no-such-command.
func exitCodeIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode code program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)

	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
