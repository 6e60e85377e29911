// Command benchdatabase measures otlpctl with a database behind it: how many items it writes for each second of its CPU
// time, how many rows a second arrive, how much memory that takes and whether it stays the same, and how long queries
// take.
//
// Every item that is sent is another one, as databases keep each only once. A run is void unless the database has
// exactly what was sent.
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

// run dispatches to the role of this process: the generator is this program too.
func run(ctx context.Context, s streams, args []string) int {
	var err error
	if len(args) == 2 && args[0] == "generate" {
		err = measure.Generate(ctx, args[1], s.in, s.out)
	} else {
		var o options
		switch err := o.parse(args, s.err); {
		case errors.Is(err, flag.ErrHelp):
			return 0
		case err != nil:
			return 2 // parse has said why
		}
		err = bench(ctx, s, o)
	}
	if err != nil {
		_, _ = fmt.Fprintln(s.err, "benchdatabase:", err)
		return 1
	}
	return 0
}
