package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// readyTimeout is how long a container may take to become healthy unless told otherwise.
const readyTimeout = time.Minute

type deployDockerOptions struct {
	docker   dockerOptions
	timeout  time.Duration
	dryRun   bool
	exitCode bool
	format   output.Format
}

func newDeployDocker(s term.Streams) *cobra.Command {
	var o deployDockerOptions
	cmd := &cobra.Command{
		Use:   "docker",
		Short: "Run the receiver as a container of Docker or Podman",
		Long: `Run the receiver as a container, and wait until its health check succeeds. Running it again
changes what differs and nothing else: "created", "configured" or "unchanged" says which.

The configuration is --config and --set, checked first with the code of this program and the
variables of --env; what is invalid changes nothing. A copy of its files is mounted read-only:
what runs is what was deployed, whatever becomes of them. The ports that it listens on are
published under the same numbers. Without --config it is the image's own. What --set says is
part of the command that the container runs, which "ps" shows: secrets belong into --env.

A container that has to change is replaced by a new one. If the two have no port of the host
in common, and --config writes no files, the new one starts beside the old one and replaces
it once it is healthy. Otherwise the old one stops first. Either way the old one goes on if
the new one does not become healthy within --timeout, ends or keeps restarting: exit 3, with
the last lines of its log. A container that otlpctl has not made is never touched.

The container runs as the image's user, with a read-only file system, without capabilities and
without new privileges. It may write to /data, which outlives it, and /tmp. Where the engine
would let logs grow for ever, three files of 10 MB are kept. It has the time to stop that
service.shutdown asks for. The engine is that of DOCKER_HOST, DOCKER_CONTEXT, the current
context of the docker command, or the usual socket.`,
		Example: `  otlpctl image build --output engine && otlpctl deploy docker
  otlpctl deploy docker --config gateway.yaml --env DATABASE_PASSWORD --publish 127.0.0.1

  # With everything named
  otlpctl deploy docker --image otlp-receiver:1.0.0 --restart unless-stopped --memory 512m \
      --cpus 2 --config /path/to/config.yaml --data /path/to/data

  # What would change? Exit 4 if anything would
  otlpctl deploy docker --config gateway.yaml --dry-run --exit-code`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return usageError(cmd, err)
			}
			return runDeployDocker(cmd.Context(), s, o)
		},
	}
	dockerFlags(cmd, &o.docker)
	cmd.Flags().DurationVar(&o.timeout, "timeout", readyTimeout, "how long the container may take to become healthy")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would change, and change nothing")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "with --dry-run: exit 4 if anything would change")
	formatFlag(cmd, &o.format)
	return cmd
}

func (o *deployDockerOptions) check() error {
	switch {
	case o.timeout <= 0:
		return fmt.Errorf("--timeout %s: want more than 0", o.timeout)
	case o.exitCode && !o.dryRun:
		return errors.New("--exit-code goes with --dry-run only")
	}
	return o.docker.check()
}

func runDeployDocker(ctx context.Context, s term.Streams, o deployDockerOptions) (err error) {
	e, plan, err := o.docker.plan(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if o.dryRun {
		return showPlan(s, o.format, plan, o.exitCode)
	}
	say := func(step string) { _, _ = fmt.Fprintln(s.Err, step) }
	for _, d := range plan.Differences {
		if plan.Action == engine.Configured {
			say(differenceLine(d))
		}
	}
	done, err := e.Apply(ctx, plan, o.timeout, say)
	if err != nil {
		return deployError(s, err)
	}
	return o.format.Write(s.Out, done, func(r *output.Rows) { r.Add("container/"+done.Name, string(done.Action)) })
}

// deployError shows the last words of a container that has failed, and chooses the exit code.
func deployError(s term.Streams, err error) error {
	failed, ok := errors.AsType[*engine.NotReadyError](err)
	if !ok {
		return err
	}
	if logs := strings.TrimRight(failed.Logs, "\n"); logs != "" {
		_, _ = fmt.Fprintf(s.Err, "last lines of its log:\n  %s\n", strings.ReplaceAll(logs, "\n", "\n  "))
	}
	return coded{err, exitNotReady}
}
