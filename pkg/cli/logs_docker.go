package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// allLines is the value of --tail that asks for the whole log.
const allLines = "all"

type logsDockerOptions struct {
	name  string
	since time.Duration
	log   engine.LogOptions
}

func newLogsDocker(s term.Streams) *cobra.Command {
	var o logsDockerOptions
	cmd := &cobra.Command{
		Use:   "docker",
		Short: "Show the log of the container of deploy docker",
		Long: `Show what the container has printed: its standard output on the standard output, and its
standard error, which is where the log is, on the standard error. With --follow it goes on
until the container ends: exit 0, or until it is interrupted: exit 130.`,
		Example: `  otlpctl logs docker --tail 20
  otlpctl logs docker --follow --since 5m 2>&1 | grep error`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return usageError(cmd, err)
			}
			return runLogsDocker(cmd.Context(), s, o)
		},
	}
	nameFlag(cmd, &o.name)
	f := cmd.Flags()
	f.BoolVarP(&o.log.Follow, "follow", "f", false, "go on until the container ends")
	f.StringVar(&o.log.Tail, "tail", allLines, "`number` of last lines, or all")
	f.DurationVar(&o.since, "since", 0, "leave out what is older, such as 10m")
	f.BoolVar(&o.log.Timestamps, "timestamps", false, "put the time before each line")
	return cmd
}

func (o *logsDockerOptions) check() error {
	if n, err := strconv.Atoi(o.log.Tail); o.log.Tail != allLines && (err != nil || n < 0) {
		return fmt.Errorf("--tail %q: want a number of lines, or all", o.log.Tail)
	}
	if o.since < 0 {
		return fmt.Errorf("--since %s: want 0 or more", o.since)
	}
	if o.since > 0 {
		o.log.Since = o.since.String()
	}
	return checkName(o.name)
}

func runLogsDocker(ctx context.Context, s term.Streams, o logsDockerOptions) (err error) {
	e, err := engine.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	err = e.Logs(ctx, o.name, o.log, s.Out, s.Err)
	if ctx.Err() != nil {
		return reported{coded{ctx.Err(), exitInterrupted}} // whoever ends it this way needs not be told
	}
	return err
}
