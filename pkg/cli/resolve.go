package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/discovery"
	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/kube/endpoints"
	"github.com/otlpctl/otlpctl/pkg/output"
	"github.com/otlpctl/otlpctl/pkg/term"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// resolveTimeout is a little longer than a registry is waited for, whose error says more.
const resolveTimeout = registry.AnswerTimeout + 5*time.Second

type resolveOptions struct {
	url     string // without its parameters
	watch   bool
	timeout time.Duration
	format  output.Format
}

func newResolve(s term.Streams) *cobra.Command {
	var o resolveOptions
	cmd := &cobra.Command{
		Use:   "resolve URL",
		Short: "Show the instances of a service that a registry knows",
		Long: `Show the instances of a service to which telemetry may be sent: those that are well, by what the
registry says. The URL is what the endpoint of an exporter may be, too:

  consul://[HOST:PORT]/NAME              ?dc= ns= partition= passing= tls=
  etcd://[HOST:PORT,…]/PREFIX/NAME       ?tls=
  eureka://HOST:PORT,…/APP               ?tls=
  kubernetes:///NAMESPACE/SERVICE:PORT   ?context= kubeconfig=
  dns://HOST:PORT                        ?type=srv server=
  static://HOST:PORT,…

Each but the last two may choose by ?zone=, consul, etcd and eureka by ?tag=, too. Tokens and passwords
have no place in a URL: CONSUL_HTTP_TOKEN and the other variables of the consul command hold here,
those of etcdctl, and a kubeconfig. docs/discovery.md has more.

Exit 1 if there are no instances, or the registry cannot be asked. With --watch it goes on with
each change (+ has come, - has gone, ~ is different), through outages of the registry, until it
is interrupted: exit 130.`,
		Example: `  otlpctl resolve consul:///otlp-receiver
  otlpctl resolve 'consul://127.0.0.1:8500/otlp-receiver?tag=grpc&zone=a' -o json | jq -r '.instances[].addr'
  otlpctl resolve --watch kubernetes:///telemetry/otlp-receiver:grpc`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError(cmd, fmt.Errorf("%s takes one URL", cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.timeout <= 0 {
				return usageError(cmd, fmt.Errorf("--timeout %s: want more than 0", o.timeout))
			}
			source, err := registries().Open(args[0])
			if err != nil {
				return usageError(cmd, err)
			}
			o.url, _, _ = strings.Cut(args[0], "?")
			return runResolve(cmd.Context(), s, o, source)
		},
	}
	cmd.ValidArgsFunction = completeSchemes
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "go on with each change")
	cmd.Flags().DurationVar(&o.timeout, "timeout", resolveTimeout, "how long to wait for the first answer")
	formatFlag(cmd, &o.format)
	return cmd
}

// completeSchemes completes the beginning of a URL.
func completeSchemes(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	schemes := registries().Schemes()
	for i, scheme := range schemes {
		schemes[i] = scheme + "://"
	}
	return schemes, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// registries are all that the program knows.
func registries() discovery.Registries { return discovery.Registries{Kubernetes: endpoints.Open} }

// resolved is the document of resolve. The names of its fields are API.
type resolved struct {
	Instances []resolve.Instance `json:"instances"`
}

func runResolve(ctx context.Context, s term.Streams, o resolveOptions, source resolve.Source) error {
	if o.watch {
		return watchResolve(ctx, s, o, source)
	}
	answer, err := firstAnswer(ctx, o, source)
	switch {
	case err != nil:
		return err
	case answer.Err != nil:
		return answer.Err
	case len(answer.Instances) == 0:
		return noInstances(o.url)
	}
	return o.format.Write(s.Out, resolved{answer.Instances}, func(r *output.Rows) {
		r.Header("ID", "ADDRESS", "ZONE", "VERSION", "TAGS")
		for _, i := range answer.Instances {
			r.Add(instanceCells(i)...)
		}
	})
}

func instanceCells(i resolve.Instance) []string {
	return []string{i.ID, i.Addr, i.Zone, i.Version, strings.Join(i.Tags, ",")}
}

func noInstances(url string) error {
	return hinted.New(fmt.Errorf("%s: %w", url, resolve.ErrNoInstances), "is the name right, and does an instance pass its checks? Parameters of the URL may leave some out")
}

// errSlow says that a registry has said nothing at all.
var errSlow = errors.New("no answer")

// firstAnswer asks once.
func firstAnswer(ctx context.Context, o resolveOptions, source resolve.Source) (resolve.Answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, errSlow)
	defer cancel()
	var first resolve.Answer
	answered := false
	source.Follow(ctx, func(a resolve.Answer) {
		if !answered {
			first, answered = a, true
		}
		cancel()
	})
	if answered {
		return first, nil
	}
	return first, slow(ctx, o)
}

// slow says why there is no answer.
func slow(ctx context.Context, o resolveOptions) error {
	if errors.Is(context.Cause(ctx), errSlow) {
		return fmt.Errorf("%s: no answer within %s", o.url, o.timeout)
	}
	return context.Cause(ctx)
}
