// Command cluster runs the Kubernetes cluster of the tests for a developer: it stays up until it is taken down.
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

	"github.com/otlpctl/otlpctl/e2e/harness/kubernetes"
)

const usage = `Usage:
  cluster up [-nodes N] [-version V]   start it, and print how to reach it in a shell's words
  cluster build [-version V]           build what "up" needs, which may take ten minutes, and no more
  cluster load ARCHIVE...              import images from docker-archives into every node
  cluster down                         stop it, and remove all that it or a killed test has left
`

func main() {
	out, messages := os.Stdout, os.Stderr                                                  //nolint:forbidigo // handed on from here
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // the root of a program
	err := run(ctx, out, messages, os.Args[1:])
	stop()
	if errors.Is(err, errUsage) {
		_, _ = io.WriteString(messages, usage)
		os.Exit(2) //nolint:forbidigo // main alone exits
	}
	if err != nil {
		_, _ = fmt.Fprintln(messages, "cluster:", err)
		os.Exit(1) //nolint:forbidigo // main alone exits
	}
}

var errUsage = errors.New("usage")

func run(ctx context.Context, out, messages io.Writer, args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	s, err := newSite()
	if err != nil {
		return err
	}
	switch verb, rest := args[0], args[1:]; {
	case verb == "up":
		return s.up(ctx, out, messages, rest)
	case verb == "serve": // what "up" leaves running
		o, err := options(rest)
		if err != nil {
			return err
		}
		return s.serve(ctx, messages, o)
	case verb == "build":
		o, err := options(rest)
		if err != nil {
			return err
		}
		return kubernetes.Build(ctx, o)
	case verb == "load" && len(rest) > 0:
		return s.load(ctx, rest)
	case verb == "down" && len(rest) == 0:
		return s.down(ctx, messages)
	}
	return errUsage
}

// options parses the flags of "up". The zero value of each means what the tests have.
func options(args []string) (kubernetes.Options, error) {
	var o kubernetes.Options
	f := flag.NewFlagSet("cluster", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.IntVar(&o.Nodes, "nodes", 0, "")
	f.StringVar(&o.Version, "version", "", "")
	if err := f.Parse(args); err != nil || f.NArg() > 0 || o.Nodes < 0 {
		return o, errUsage
	}
	return o, nil
}
