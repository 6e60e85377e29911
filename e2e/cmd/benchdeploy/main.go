// Command benchdeploy compares what deploying takes with otlpctl, with kubectl and with Helm: time, and requests to the
// API server.
//
// All three put the same objects into the same cluster, each into a namespace of its own, and wait until the pods are
// ready. They take turns, and the order changes from round to round. A proxy between them and the API server counts.
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
)

type options struct {
	rounds   int
	markdown string
}

func main() {
	out, messages := os.Stdout, os.Stderr                                                  //nolint:forbidigo // handed on from here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // the root of a program
	code := run(ctx, out, messages, os.Args[1:])
	stop()
	os.Exit(code) //nolint:forbidigo // main alone exits
}

func run(ctx context.Context, out, messages io.Writer, args []string) int {
	var o options
	switch err := o.parse(args, messages); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // parse has said why
	}
	if err := compare(ctx, out, messages, o); err != nil {
		_, _ = fmt.Fprintln(messages, "benchdeploy:", err)
		return 1
	}
	return 0
}

func (o *options) parse(args []string, messages io.Writer) error {
	f := flag.NewFlagSet("benchdeploy", flag.ContinueOnError)
	f.SetOutput(messages)
	f.IntVar(&o.rounds, "rounds", 5, "how often the three take turns")
	f.StringVar(&o.markdown, "o", "", "also write the table to this `file`")
	err := f.Parse(args)
	if err == nil && (o.rounds < 1 || f.NArg() > 0) {
		err = errors.New("-rounds must be positive, and there are no arguments")
		_, _ = fmt.Fprintln(messages, "benchdeploy:", err)
	}
	return err
}
