package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

type describeOptions struct {
	targetOptions
	events int
	format output.Format
}

func newDescribe(s term.Streams) *cobra.Command {
	var o describeOptions
	cmd := &cobra.Command{
		Use:   "describe",
		Short: "Tell all about a deployment in a Kubernetes cluster, on one page",
		Long: `Tell all that the cluster and the pods know about one deployment: what was deployed, by whom and
when; how the Deployment, its ReplicaSets and pods are, and how containers ended; what each receiver
says on /status about its configuration and what became of the items that it was given; probes,
autoscaler, disruption budget and Services; the objects that otlpctl has made and who else has changed
them; and the last events. What may not be asked for is named, and the rest is told.

Exit 0 whatever state it is in: "otlpctl status k8s" has an exit code for that.`,
		Example: `  otlpctl describe -n telemetry
  otlpctl describe -n telemetry -o json | jq '.pods[] | {name, status: .status.exporters}'`,
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if o.events < 0 {
				return usageError(cmd, fmt.Errorf("--events %d: want 0 or more", o.events))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runDescribe(cmd.Context(), s, o) },
	}
	targetFlags(cmd, &o.targetOptions)
	cmd.Flags().IntVar(&o.events, "events", 20, "how many events the page has at most, the latest ones; json and yaml have all")
	formatFlag(cmd, &o.format)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainDescribe(&o) })
}

// description is the document of describe. The names of its fields are API.
type description struct {
	*watch.Description
	// Deployed is what otlpctl has deployed.
	Deployed *kube.Record `json:"deployed"`
}

func runDescribe(ctx context.Context, s term.Streams, o describeOptions) error {
	c, target, err := o.open()
	if err != nil {
		return err
	}
	record, err := c.Record(ctx, target)
	if err != nil {
		return err
	}
	about, err := watch.Describe(ctx, c, target.Namespace, target.Name)
	if err != nil {
		return absent(err, target, record)
	}
	for _, unknown := range about.Unknown {
		printK8sWarnings(s, []string{unknown})
	}
	d := description{about, record}
	if o.format != output.Table {
		return o.format.Write(s.Out, d, nil)
	}
	return printDescription(s.Out, d, o.events)
}

// absent says of a Deployment that is not there whether it has been.
func absent(err error, t kube.Target, record *kube.Record) error {
	switch {
	case !kube.IsNotFound(err):
		return err
	case record.IsEmpty():
		return kube.NothingDeployed(t)
	case record.Revision == nil:
		return hinted.New(fmt.Errorf("%s was begun, and its Deployment is not there", t), "otlpctl deploy k8s goes on with it; otlpctl delete k8s deletes what there is")
	}
	return hinted.New(
		fmt.Errorf("the Deployment of %s is gone: revision %d was deployed by %s", t, record.Revision.Number, record.Revision.User),
		fmt.Sprintf("otlpctl rollout undo -n %s --name %s --to-revision %d makes it again", t.Namespace, t.Name, record.Revision.Number),
	)
}
