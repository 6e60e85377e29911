// Command bench compares the whole otlpctl process with the OpenTelemetry Collector under the same load.
//
// The two take turns round by round on the same machine; the figure is the CPU time of the server process for each
// item, read from the kernel, because it does not depend on how many cores generator and sink take.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/otlpctl/otlpctl/e2e/bench/measure"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// run dispatches to the role of this process: the generator and the sink are this program too.
func run(ctx context.Context, args []string) int {
	var err error
	switch {
	case len(args) == 2 && args[0] == "generate":
		err = measure.Generate(ctx, args[1], os.Stdin, os.Stdout)
	case len(args) == 2 && args[0] == "sink":
		err = measure.Sink(ctx, args[1], os.Stdin, os.Stdout)
	default:
		var o options
		if err := o.parse(args); err != nil {
			return usage(err)
		}
		err = compare(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

func usage(err error) int {
	if err == flag.ErrHelp { //nolint:errorlint // the flag package returns it bare
		return 0
	}
	return 2 // the flag package has said why
}
