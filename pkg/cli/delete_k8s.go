package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type deleteK8sOptions struct {
	targetOptions
	also    kube.Removal
	timeout time.Duration
	yes     bool
	format  output.Format
}

func newDeleteK8s(s term.Streams) *cobra.Command {
	var o deleteK8sOptions
	cmd := &cobra.Command{
		Use:   "k8s",
		Short: "Delete what deploy k8s has made",
		Long: `Delete the objects that otlpctl has made under one name, its revisions included, and wait until
they are gone: pods get the time to stop that they ask for. It asks first, unless --yes. What
otlpctl has not made is not touched, and none at all is fine. A PersistentVolumeClaim of the pods
stays unless --volumes, and the namespace unless --with-namespace, which takes all that is in it.`,
		Example: `  otlpctl delete k8s -n observability --name otlp-receiver
  otlpctl delete k8s --config otel.yaml --volumes --with-namespace --yes`,
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if o.timeout <= 0 {
				return usageError(cmd, fmt.Errorf("--timeout %s: want more than 0", o.timeout))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runDeleteK8s(cmd.Context(), cmd, s, o) },
	}
	targetFlags(cmd, &o.targetOptions)
	cmd.Flags().BoolVar(&o.also.Claims, "volumes", false, "delete the PersistentVolumeClaims of the pods too, and so their data")
	cmd.Flags().BoolVar(&o.also.Namespace, "with-namespace", false, "delete the namespace too, if otlpctl has made it, with all that is in it")
	cmd.Flags().DurationVar(&o.timeout, "timeout", rolloutTimeout, "how long it may take until all is gone")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(ctx context.Context) (*kubectl, error) { return explainDelete(ctx, &o) })
}

// deletedK8s is the document of delete k8s. The names of its fields are API.
type deletedK8s struct {
	*kube.Deployed
	Error string `json:"error,omitempty"`
}

func runDeleteK8s(ctx context.Context, cmd *cobra.Command, s term.Streams, o deleteK8sOptions) error {
	if err := askable(cmd, s, o.yes); err != nil {
		return err
	}
	c, target, err := o.open()
	if err != nil {
		return err
	}
	found, err := c.Deployed(ctx, target, o.also)
	if err != nil {
		return nothingDone(s, o.format, target, err)
	}
	if doomed := found.Doomed(); len(doomed) > 0 && !o.yes {
		if err := confirm(ctx, s, "delete "+refNames(doomed)+"? [y/N]"); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	done, err := c.Delete(ctx, found, func(step string) { _, _ = fmt.Fprintln(s.Err, step) })
	if err != nil {
		return partly(s, o.format, err, deletedK8s{done, err.Error()})
	}
	if found.IsEmpty() {
		_, _ = fmt.Fprintf(s.Err, "%s not found: otlpctl has made nothing there\n", target)
	}
	return o.format.Write(s.Out, deletedK8s{Deployed: done}, func(r *output.Rows) { actionRows(r, done.Changes) })
}
