package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/manifest"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// rolloutTimeout is how long pods may take to be replaced unless told otherwise.
const rolloutTimeout = 5 * time.Minute

// planK8sOptions are the flags of the commands that compare a configuration with a cluster.
type planK8sOptions struct {
	k8sOptions
	access  kube.Access
	options kube.Options
	format  output.Format
}

func planK8sFlags(cmd *cobra.Command, o *planK8sOptions) {
	k8sFlags(cmd, &o.k8sOptions)
	kubeFlags(cmd, &o.access)
	offerNamespaces(cmd, &o.access)
	cmd.Flags().BoolVar(&o.options.Force, "force-conflicts", false, "take over fields that others have set to another value")
	cmd.Flags().StringArrayVar(&o.options.Recreate, "recreate", nil, "`Kind/name` of an object to delete and make anew if it cannot be changed; can be repeated")
	formatFlag(cmd, &o.format)
}

type deployK8sOptions struct {
	planK8sOptions
	timeout  time.Duration
	dryRun   bool
	exitCode bool
	diff     bool
	wait     bool
	noWait   bool
	atomic   bool
	yes      bool
	build    buildK8sOptions
	gate     gateOptions
	// resume lets a rollout go on that is paused, once everything is applied.
	resume bool
}

func newDeployK8s(s term.Streams) *cobra.Command {
	var o deployK8sOptions
	cmd := &cobra.Command{
		Use:   "k8s",
		Short: "Run the receiver in a Kubernetes cluster",
		Long: `Apply the objects of "otlpctl render k8s" to a cluster, and wait until the new pods are ready.
Running it again changes what differs and nothing else: each object is "created", "configured",
"unchanged" or "deleted", and if none differs there is no request that could change anything.

The API server itself says first what would change, and whether it takes the objects. Fields that
somebody else has set are not touched: another value is a conflict, which names who and what. An
object that is no longer wanted is deleted if otlpctl has made it, which it remembers in the
cluster. That asks, unless --yes. ConfigMaps and Secrets with a hash in their names stay as long
as a revision or a ReplicaSet needs them. Each deployment is kept as a revision, ten of them.

With --build the image is built first, of this very program, and deployed by its digest: with
--push by way of a registry, with --load into a cluster on this machine. It goes there once
everything else is known to be well, and nothing in the cluster changes if it cannot.

If the pods are not ready within --timeout, or cannot become ready, it says why: exit 3. With
--atomic the revision before is applied then; what was installed for the first time is deleted.

With --gate, or deploy.gate.enabled, the rollout stops after its first step. The new pods then have
to stay within the bounds of deploy.gate for a window, by what they count themselves: refused
requests, failed exports, lost items, restarts, queues. All others are replaced only then, and
watched in the same way. If a bound is exceeded, the revision before comes back, with the figures:
exit 3. Ctrl-C during the first window leaves the rollout paused, and says how to go on.

Without a gate, Ctrl-C ends the waiting only. Two deployments at the same time are refused.`,
		Example: `  otlpctl deploy k8s --config otel.yaml --image registry.example.com/otlp-receiver:1.2.0
  otlpctl deploy k8s --config otel.yaml --context production -n telemetry --atomic

  # Build, push, and deploy what was pushed; with a kind or k3s of this machine, --load does without a registry
  otlpctl deploy k8s --config otel.yaml --build --push registry.example.com/otlp-receiver

  # One step first, judged by its own counters for two minutes
  otlpctl deploy k8s --config otel.yaml --gate --set deploy.gate.window=2m --timeout 10m

  # What would change? Exit 4 if anything would
  otlpctl deploy k8s --config otel.yaml --dry-run --diff --exit-code

  otlpctl deploy k8s --config otel.yaml --yes -o json | jq -r '.objects[] | select(.action != "unchanged").name'`,
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			o.scaled = cmd.Flags().Changed("replicas")
			if err := errors.Join(o.check(cmd.Flags().Changed("wait")), o.build.check(cmd, o.image)); err != nil {
				return usageError(cmd, err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runDeployK8s(cmd.Context(), cmd, s, o) },
	}
	planK8sFlags(cmd, &o.planK8sOptions)
	f := cmd.Flags()
	f.DurationVar(&o.timeout, "timeout", rolloutTimeout, "how long the pods may take to become ready")
	f.BoolVar(&o.wait, "wait", true, "wait until the pods are ready")
	f.BoolVar(&o.noWait, "no-wait", false, "do not wait for the pods")
	f.BoolVar(&o.atomic, "atomic", false, "go back to the revision before if the deployment fails")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would change, and change nothing")
	f.BoolVar(&o.exitCode, "exit-code", false, "with --dry-run: exit 4 if anything would change")
	f.BoolVar(&o.diff, "diff", false, "show the fields that change")
	f.BoolVar(&o.yes, "yes", false, "do not ask before objects are deleted")
	f.BoolVar(&o.gate.on, gateFlag, false, "judge the new pods by what they count, and go back if they exceed deploy.gate (default deploy.gate.enabled)")
	buildK8sFlags(cmd, &o.build)
	return explained(cmd, s, func(context.Context) (*kubectl, error) { return explainDeploy(&o) })
}

// check finds flags that are wrong or contradict each other.
func (o *deployK8sOptions) check(waits bool) error {
	contradicts := waits && o.wait && o.noWait
	o.wait = o.wait && !o.noWait
	switch {
	case contradicts:
		return errors.New("--wait and --no-wait contradict each other")
	case o.timeout <= 0:
		return fmt.Errorf("--timeout %s: want more than 0", o.timeout)
	case o.exitCode && !o.dryRun:
		return errors.New("--exit-code goes with --dry-run only")
	case o.atomic && !o.wait:
		return errors.New("--atomic needs to wait for the pods")
	case o.gate.on && !o.wait:
		return errors.New("--gate needs to wait for the pods")
	}
	return nil
}

func runDeployK8s(ctx context.Context, cmd *cobra.Command, s term.Streams, o deployK8sOptions) error {
	if err := o.readGate(cmd); err != nil {
		return err
	}
	c, plan, built, err := o.prepare(ctx, s)
	if err != nil {
		return err
	}
	if err := o.checkGated(ctx, c, plan); err != nil {
		return nothingDone(s, o.format, plan.Target, err)
	}
	if o.dryRun {
		return showK8sPlan(s, o.format, plan, o.diff, o.exitCode)
	}
	if err := printK8sPlan(s, plan, o.diff); err != nil {
		return err
	}
	if err := o.confirm(ctx, cmd, s, plan); err != nil {
		return err
	}
	if err := built.publish(ctx, s); err != nil {
		return nothingDone(s, o.format, plan.Target, err)
	}
	r := rolloutK8s{streams: s, client: c, options: o, began: time.Now()}
	return r.run(ctx, plan)
}

// prepare plans the deployment of an image: of one that it has built, or of one that nodes should be able to get.
func (o *deployK8sOptions) prepare(ctx context.Context, s term.Streams) (*kube.Client, *kube.Plan, builtK8s, error) {
	if o.build.on {
		return o.planBuilt(ctx, s)
	}
	c, plan, err := o.plan(ctx, s)
	if err == nil {
		err = nothingDone(s, o.format, plan.Target, checkImage(ctx, s, c, plan, o.build.insecure))
	}
	return c, plan, builtK8s{}, err
}

// plan renders the objects, looks at the cluster, and asks it what applying them would do.
func (o *planK8sOptions) plan(ctx context.Context, s term.Streams) (*kube.Client, *kube.Plan, error) {
	set, err := o.set(s)
	if err == nil {
		err = o.options.Check(set)
	}
	if err != nil {
		return nil, nil, coded{err, exitUsage}
	}
	c, err := kube.Open(o.access)
	if err != nil {
		return nil, nil, nothingDone(s, o.format, set.Target, err)
	}
	plan, err := planK8s(ctx, s, c, set, o.options)
	return c, plan, nothingDone(s, o.format, set.Target, err)
}

// planK8s looks at the cluster, and asks it what applying a set would do.
func planK8s(ctx context.Context, s term.Streams, c *kube.Client, set kube.Set, options kube.Options) (*kube.Plan, error) {
	if err := checkK8s(ctx, s, c, set); err != nil {
		return nil, err
	}
	return c.Plan(ctx, set, options)
}

// checkK8s says what would keep a set from being deployed.
func checkK8s(ctx context.Context, s term.Streams, c *kube.Client, set kube.Set) error {
	warnings, err := c.Check(ctx, set)
	printK8sWarnings(s, warnings)
	return err
}

// set renders the objects.
func (o *k8sOptions) set(s term.Streams) (kube.Set, error) {
	d, set, err := o.render(s)
	if err != nil {
		return kube.Set{}, err
	}
	return deployedSet(d, set), nil
}

// deployedSet returns objects as they are deployed.
func deployedSet(d config.Deploy, set manifest.Set) kube.Set {
	return kube.Set{
		Target:  kube.Target{Namespace: d.Namespace, Name: d.Name},
		Objects: set.Objects, ConfigHash: set.ConfigHash,
	}
}

// confirm asks before anything is deleted.
func (o *deployK8sOptions) confirm(ctx context.Context, cmd *cobra.Command, s term.Streams, plan *kube.Plan) error {
	doomed := plan.Destroys()
	switch {
	case len(doomed) == 0 || o.yes:
		return nil
	case !s.Asks():
		return usageError(cmd, fmt.Errorf("%s would be deleted, and nobody is there to confirm: --yes says that it is meant", refNames(doomed)))
	}
	return confirm(ctx, s, "delete "+refNames(doomed)+"? [y/N]")
}
