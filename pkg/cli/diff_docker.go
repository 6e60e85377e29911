package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/engine"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type diffDockerOptions struct {
	docker dockerOptions
	format output.Format
}

func newDiffDocker(s term.Streams) *cobra.Command {
	var o diffDockerOptions
	cmd := &cobra.Command{
		Use:   "docker",
		Short: "Show what deploy docker would change",
		Long: `Show, field by field, what "otlpctl deploy docker" with the same flags would change: exit 0 if
nothing, 4 if anything. It is compared with what the engine says of the container now. Of
variables and --set it is only said that they differ, as there may be secrets in them.`,
		Example: `  otlpctl diff docker --config gateway.yaml --memory 1g
  otlpctl diff docker --config gateway.yaml -o json | jq -r '.differences[].field'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.docker.check(); err != nil {
				return usageError(cmd, err)
			}
			return runDiffDocker(cmd.Context(), s, o)
		},
	}
	dockerFlags(cmd, &o.docker)
	formatFlag(cmd, &o.format)
	return cmd
}

func runDiffDocker(ctx context.Context, s term.Streams, o diffDockerOptions) (err error) {
	e, plan, err := o.docker.plan(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return showPlan(s, o.format, plan, true)
}

// showPlan prints what would change. If asked, it is an outcome of its own that anything would.
func showPlan(s term.Streams, format output.Format, plan *engine.Plan, exitCode bool) error {
	planned := engine.Deployment{Plan: plan, DryRun: true}
	err := format.Write(s.Out, planned, func(r *output.Rows) {
		if len(plan.Differences) == 0 {
			return
		}
		r.Header("FIELD", "NOW", "THEN")
		for _, d := range plan.Differences {
			r.Add(d.Field, cell(d.Now), thenCell(d))
		}
	})
	if err != nil {
		return err
	}
	if plan.Action == engine.Unchanged {
		_, err := fmt.Fprintf(s.Err, "container/%s would be unchanged\n", plan.Name)
		return err
	}
	_, err = fmt.Fprintf(s.Err, "container/%s would be %s\n", plan.Name, plan.Action)
	if plan.Interrupts != "" {
		_, err = fmt.Fprintf(s.Err, "the old one would stop first: %s\n", plan.Interrupts)
	}
	if exitCode {
		return errors.Join(err, errDifferences())
	}
	return err
}

func cell(value *string) string {
	if value == nil {
		return "-"
	}
	return *value
}

func thenCell(d engine.Difference) string {
	if d.Secret && d.Now != nil && d.Then != nil {
		return *d.Then + " (differs)"
	}
	return cell(d.Then)
}

// differenceLine is a difference as a line of its own.
func differenceLine(d engine.Difference) string {
	return fmt.Sprintf("  %s: %s → %s", d.Field, cell(d.Now), thenCell(d))
}
