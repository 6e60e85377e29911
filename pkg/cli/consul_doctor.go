package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/discovery/consul"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/tlsconf"
)

const (
	// otlpTag is what receivers have that register themselves.
	otlpTag = "otlp"
	// doctorParallel is how many instances are asked at the same time unless told otherwise, and mostParallel the most.
	doctorParallel = 64
	mostParallel   = 1024
)

type consulDoctorOptions struct {
	access   consul.Access
	kube     kube.Access
	pods     podsOptions
	tls      tlsconf.Client
	name     string // of the service; empty is all with otlpTag
	timeout  time.Duration
	parallel int
	fix, yes bool
	format   output.Format
}

func newConsulDoctor(s term.Streams) *cobra.Command {
	var o consulDoctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [NAME]",
		Short: "Find registrations that are not true",
		Long: `Ask every instance of a service, or of all that have the tag otlp, whether it takes telemetry: with an
export without any items, over gRPC or HTTP as its tags or metadata say, and on /health. Compare that
with what Consul says, with each other, and, with --kubeconfig or --context or inside of a cluster,
with the pods. It finds

  zombie                       nobody is behind the registration any more
  unreachable                  nobody answers, though the checks pass
  wrong_address, wrong_port    loopback, 0.0.0.0, another's; another protocol, or none
  duplicate_id, _address       two under one name, or one under two
  stale_version, _config       another one than most have, than it runs, than its pod was given
  export_fails, check_fails    checks that pass while exports fail, and the other way round
  unhealthy, untrusted         what it says of itself; TLS that clients do not trust

each with what to do next. A note, such as unjudged for who wants credentials, is no fault.

--fix shows the zombies, asks, and deregisters them, and nothing else: those of the agent that is
asked, and those of agents that are gone. A registration that has changed meanwhile stays.

The report is the result: exit 0 if all is well, 4 if there are errors or warnings that were not
fixed.`,
		Example: `  otlpctl consul doctor
  otlpctl consul doctor otlp-receiver --context production --ca-file ca.pem
  otlpctl consul doctor --fix
  otlpctl consul doctor -o json | jq -r '.findings[] | select(.severity == "error") | .id + ": " + .what'`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.name = args[0]
			}
			if err := o.check(cmd, s); err != nil {
				return err
			}
			return o.begin(cmd, s)
		},
	}
	consulFlags(cmd, &o.access)
	datacenterFlag(cmd, &o.access)
	kubeFlags(cmd, &o.kube)
	o.flags(cmd)
	formatFlag(cmd, &o.format)
	return cmd
}

func (o *consulDoctorOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.pods.namespace, "kube-namespace", "", "`namespace` of the pods, for who may not list those of the whole cluster")
	f.StringVar(&o.tls.CAFile, "ca-file", "", "`file` with the certificate authorities of instances with TLS; the system's by default")
	f.StringVar(&o.tls.CertFile, "cert-file", "", "`file` with the certificate to present to them, if they want one")
	f.StringVar(&o.tls.KeyFile, "key-file", "", "`file` with the key of --cert-file")
	f.StringVar(&o.tls.ServerName, "server-name", "", "`name` to expect in their certificates, in place of the registered host")
	f.BoolVar(&o.tls.InsecureSkipVerify, "insecure-skip-verify", false, "take any certificate of an instance")
	f.DurationVar(&o.timeout, "timeout", healthTimeout, "how long one answer of an instance may take")
	f.IntVar(&o.parallel, "parallel", doctorParallel, "how many instances are asked at the same time")
	f.BoolVar(&o.fix, "fix", false, "deregister zombies")
	f.BoolVar(&o.yes, "yes", false, "with --fix: do not ask")
	for _, flag := range []string{"ca-file", "cert-file", "key-file"} {
		if err := cmd.MarkFlagFilename(flag, "pem", "crt", "key"); err != nil {
			panic(err) // the flag does not exist
		}
	}
}

// check finds mistakes in usage before anybody is asked.
func (o *consulDoctorOptions) check(cmd *cobra.Command, s term.Streams) error {
	switch {
	case o.timeout <= 0:
		return usageError(cmd, fmt.Errorf("--timeout %s: want more than 0", o.timeout))
	case o.parallel < 1 || o.parallel > mostParallel:
		return usageError(cmd, fmt.Errorf("--parallel %d: want 1 to %d", o.parallel, mostParallel))
	case o.yes && !o.fix:
		return usageError(cmd, errors.New("--yes goes with --fix only"))
	case o.fix:
		return askable(cmd, s, o.yes)
	}
	return nil
}

// begin opens what is asked, and asks.
func (o *consulDoctorOptions) begin(cmd *cobra.Command, s term.Streams) error {
	c, err := reach(cmd, o.access)
	if err != nil {
		return err
	}
	prober, err := catalog.NewProber(o.tls, o.timeout, o.parallel)
	if err != nil {
		return usageError(cmd, err)
	}
	_, o.pods.inCluster = os.LookupEnv("KUBERNETES_SERVICE_HOST")
	o.pods.asked = cmd.Flags().Changed("kubeconfig") || cmd.Flags().Changed("context") || o.pods.namespace != ""
	return runConsulDoctor(cmd.Context(), s, c, prober, *o)
}

func runConsulDoctor(ctx context.Context, s term.Streams, c *catalog.Catalog, prober *catalog.Prober, o consulDoctorOptions) error {
	pods, err := clusterOf(ctx, s, o.kube, o.pods)
	if err != nil {
		return err
	}
	services, cases, err := examined(ctx, c, o.name)
	if err != nil {
		return err
	}
	if err := probeAll(ctx, s, prober, cases); err != nil {
		return err
	}
	report := newDiagnosis(services, cases, catalog.Judge(cases, pods))
	if o.format == output.Table {
		if err := report.print(s); err != nil {
			return err
		}
	}
	if o.fix {
		err = report.fix(ctx, s, c, o)
	}
	if o.format != output.Table {
		err = errors.Join(err, o.format.Write(s.Out, report, nil))
	}
	if err == nil && report.remaining() > 0 {
		return errDifferences()
	}
	return err
}

// examined returns the instances that are meant, and the names of their services.
func examined(ctx context.Context, c *catalog.Catalog, name string) ([]string, []catalog.Case, error) {
	services := []string{name}
	if name == "" {
		names, err := c.Names(ctx)
		if err != nil {
			return nil, nil, err
		}
		services = nil
		for _, n := range slices.Sorted(maps.Keys(names)) {
			if slices.Contains(names[n], otlpTag) {
				services = append(services, n)
			}
		}
		if services == nil {
			return nil, nil, hinted.New(fmt.Errorf("no service has the tag %s", otlpTag), "name one: otlpctl consul services lists what there is")
		}
	}
	var all []catalog.Instance
	for _, n := range services {
		some, err := c.Instances(ctx, n)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 {
		return nil, nil, noSuchService(services[0])
	}
	return services, c.Cases(ctx, all), nil
}

// probeAll asks all instances, and shows how far that is.
func probeAll(ctx context.Context, s term.Streams, prober *catalog.Prober, cases []catalog.Case) error {
	const news = 10 // of so many parts
	progress := term.NewProgress(s.Err)
	defer progress.Close()
	began := time.Now()
	whole := "ask " + counted(len(cases), "instance")
	step := term.Step{ID: "ask", Text: whole}
	progress.Update(step)
	told := 0
	err := prober.Ask(ctx, cases, func(done int) {
		if part := done * news / len(cases); part > told && part < news && len(cases) > 10*news {
			told = part
			step.Text = fmt.Sprintf("%s: %d have answered, or have not in time", whole, done)
			progress.Update(step)
		}
	})
	step.Text, step.State, step.Took = whole, term.StepDone, time.Since(began)
	if err != nil {
		step.State = term.StepFailed
	}
	progress.Update(step)
	return err
}
