// Command bench compares the whole otlpctl process with the OpenTelemetry Collector under the same load.
//
// The two take turns round by round on the same machine; the figure is the CPU time of the server process for each
// item, read from the kernel, because it does not depend on how many cores generator and sink take.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/otlpctl/otlpctl/e2e/bench/measure"
)

// streams are the process's own.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	s := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}                             //nolint:forbidigo // handed on from here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // the root of a program
	code := run(ctx, s, os.Args[1:])
	stop()
	os.Exit(code) //nolint:forbidigo // main alone exits
}

// run dispatches to the role of this process: the generator and the sink are this program too.
func run(ctx context.Context, s streams, args []string) int {
	var err error
	switch {
	case len(args) == 2 && args[0] == "generate":
		err = measure.Generate(ctx, args[1], s.in, s.out)
	case len(args) == 3 && args[0] == "sink":
		err = measure.Sink(ctx, args[1], args[2], s.in, s.out)
	default:
		var o options
		switch err := o.parse(args, s.err); {
		case errors.Is(err, flag.ErrHelp):
			return 0
		case err != nil:
			return 2 // parse has said why
		}
		work := compare
		if o.pod {
			work = pod
		}
		err = work(ctx, s, o)
	}
	if err != nil {
		_, _ = fmt.Fprintln(s.err, "bench:", err)
		return 1
	}
	return 0
}
