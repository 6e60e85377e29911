package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/term"
)

func TestExitCode(t *testing.T) {
	running := t.Context()
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()

	f := func(ctx context.Context, err error, want int) {
		t.Helper()
		if got := exitCode(ctx, err); got != want {
			t.Errorf("exitCode(%v) = %d, want %d", err, got, want)
		}
	}
	plain := errors.New("no route to host")
	f(running, nil, 0)
	f(running, plain, 1)
	f(running, usageError(&cobra.Command{}, plain), 2)
	f(running, fmt.Errorf("deploy: %w", coded{plain, exitNotReady}), 3)
	f(running, fmt.Errorf("serve: %w", config.Errors{{Problem: "no pipeline"}}), 2)
	f(interrupted, nil, 0)
	f(interrupted, plain, 130)
	f(interrupted, coded{plain, exitFailed}, 1)
}

func TestReport(t *testing.T) {
	f := func(code int, err error, want string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		report(term.Plain(strings.NewReader(""), &stdout, &stderr).Err, code, err)
		if stdout.Len() > 0 || stderr.String() != want {
			t.Errorf("report(%v) printed %q, want %q", err, stderr.String(), want)
		}
	}
	plain := errors.New("no route to host")
	f(exitOK, nil, "")
	f(exitFailed, plain, "error: no route to host\n")
	f(exitInterrupted, plain, "error: interrupted\n")
	f(exitInterrupted, hinted.New(plain, "try again"), "error: interrupted\nhint: try again\n")
	f(exitFailed,
		fmt.Errorf("apply: %w", hinted.New(hinted.New(plain, "plug it in"), "call for help")),
		"error: apply: no route to host\nhint: plug it in\nhint: call for help\n")
	f(exitFailed,
		errors.Join(hinted.New(plain, "plug it in"), hinted.New(errors.New("no power"), "plug it in")),
		"error: no route to host\n       no power\nhint: plug it in\n")
	at := config.Position{File: "otel.yaml", Line: 3, Column: 5}
	f(exitUsage,
		config.Errors{
			{Position: at, Path: "exporters.otlp.endpont", Problem: "unknown key", Hint: "did you mean endpoint?", Source: "    endpont: x", Caret: "    ^"},
			{Path: "service.pipelines", Problem: "no pipeline is defined"},
		},
		"error: otel.yaml:3:5: exporters.otlp.endpont: unknown key\n"+
			"    3 |     endpont: x\n"+
			"      |     ^\n"+
			"hint: did you mean endpoint?\n"+
			"error: service.pipelines: no pipeline is defined\n")
}
