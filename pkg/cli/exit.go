package cli

import (
	"context"
	"errors"

	"github.com/otlpctl/otlpctl/pkg/config"
)

// The exit codes. Scripts rely on them: they change only with a new major version.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotReady    = 3
	exitDifferences = 4
	exitInterrupted = 130
)

type exitMeaning struct {
	code    int
	meaning string
}

// exitMeanings is what help and the command reference say.
func exitMeanings() []exitMeaning {
	return []exitMeaning{
		{exitOK, "done; serve: stopped by a signal with nothing lost"},
		{exitFailed, "failed"},
		{exitUsage, "usage error or invalid configuration: nothing was attempted"},
		{exitNotReady, "applied, but not ready before the deadline, or a gate failed"},
		{exitDifferences, "differences found"},
		{exitInterrupted, "interrupted"},
	}
}

// coded is an error for which the command has chosen the exit code. It outranks an interruption:
// what serve lost on its way down must not pass as a mere Ctrl-C.
type coded struct {
	error
	code int
}

// Unwrap returns the error without its code.
func (e coded) Unwrap() error { return e.error }

// reported is an outcome that stands in the result. It chooses the exit code, and is not printed again
// as an error.
type reported struct{ error }

// Unwrap returns the outcome.
func (r reported) Unwrap() error { return r.error }

// errDifferences is the outcome of a comparison that found some.
func errDifferences() error {
	return reported{coded{errors.New("differences found"), exitDifferences}}
}

// errInvalid is the outcome of a check that found the configuration to be invalid.
func errInvalid() error {
	return reported{coded{errors.New("the configuration is invalid"), exitUsage}}
}

// exitCode is the one place that turns the outcome of a command into a number. ctx is the
// command's context, which only a signal cancels.
func exitCode(ctx context.Context, err error) int {
	chosen, hasCode := errors.AsType[coded](err)
	_, badConfig := errors.AsType[config.Errors](err)
	switch {
	case err == nil:
		return exitOK
	case hasCode:
		return chosen.code
	case badConfig:
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupted
	default:
		return exitFailed
	}
}
