package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/term"
)

// execute parses args and runs the command that they name.
func execute(ctx context.Context, args []string, s term.Streams) error {
	root := newRoot(s) //nolint:contextcheck // each command takes its context from the one executed
	root.SetArgs(args)

	// Help is a result: failing to write it is a failure, and so is asking a group for the help
	// of a command that it does not have. The library's help function cannot return an error.
	var helpErr error
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { helpErr = runHelp(s, cmd) })

	return errors.Join(root.ExecuteContext(ctx), helpErr)
}

func newRoot(s term.Streams) *cobra.Command {
	root := group("otlpctl", "Receive OpenTelemetry data, forward it, and deploy the receiver",
		newServe(s),
		newHealth(s),
		newSend(s),
		newTraces(s),
		newQuery(s),
		newConfig(s),
		newRender(s),
		newImage(s),
		newDeploy(s),
		newDiff(s),
		newStatus(s),
		newDescribe(s),
		newLogs(s),
		newScale(s),
		newRollout(s),
		newDelete(s),
		newResolve(s),
		newConsul(s),
		newVersion(s),
		newCompletion(s),
	)
	root.Example = `  # Receive OTLP on the usual ports and show what arrives
  otlpctl serve

  # Is the receiver on this machine alive, and does it take telemetry?
  otlpctl health
  otlpctl send

  # Run it in a Kubernetes cluster, and go back if it does not become ready
  otlpctl deploy k8s --config otel.yaml --image registry.example.com/otlp-receiver:1.2.0 --atomic`
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	suggestForHabits(root)
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.CompletionOptions.DisableDefaultCmd = true
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetHelpCommand(newHelp(s))
	root.SetFlagErrorFunc(flagError)
	colorFlag(root, s)
	return root
}
