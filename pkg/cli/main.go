// Package cli is the command line: one file per command, each an options struct, a constructor and
// a run function that hands the work to the packages that know how. What the commands share is
// here as well: the exit codes, the wording of errors, help and signals.
package cli

import (
	"context"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// Main runs the command line args, which do not include the program's name, and returns the exit
// code. The first interrupt or termination signal cancels the command. The next kills the process,
// unless a receiver drains: then it is the one after that.
func Main(args []string, s term.Streams) int {
	kube.Silence()
	ctx, stop := interruptible(context.Background()) //nolint:forbidigo // the one
	defer stop()
	err := execute(ctx, args, s)
	code := exitCode(ctx, err)
	report(s.Err, code, err)
	return code
}
