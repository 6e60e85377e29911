package cli

import (
	"cmp"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/otlpctl/otlpctl/pkg/config"
	"github.com/otlpctl/otlpctl/pkg/kube"
)

// kubeFlags adds the flags that say which cluster is meant.
func kubeFlags(cmd *cobra.Command, a *kube.Access) {
	cmd.Flags().StringVar(&a.Kubeconfig, "kubeconfig", "", "`file` that says how to reach the cluster (default $KUBECONFIG, then ~/.kube/config)")
	cmd.Flags().Var((*word)(&a.Context), "context", "`name` of a context in the kubeconfig (default its current one)")
	a.RequestTimeout = kube.RequestTimeout
	cmd.Flags().Var((*patience)(&a.RequestTimeout), "request-timeout", "how long one answer of the cluster may take")
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return a.Contexts(), cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("context", complete); err != nil {
		panic(err) // the flag does not exist
	}
}

// patience is a length of time that is longer than none.
type patience time.Duration

func (p *patience) String() string { return time.Duration(*p).String() }

// Type names the value in help texts, as that of other lengths of time.
func (p *patience) Type() string { return "duration" }

// Set accepts what time.ParseDuration does.
func (p *patience) Set(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New("want more than 0, such as 30s")
	}
	*p = patience(d)
	return nil
}

// targetOptions are the flags of every command about a deployment that is in a cluster.
type targetOptions struct {
	access kube.Access
	config configOptions
	target kube.Target
}

func targetFlags(cmd *cobra.Command, o *targetOptions) {
	kubeFlags(cmd, &o.access)
	configFlags(cmd, &o.config)
	cmd.Flags().VarP((*word)(&o.target.Namespace), "namespace", "n", "`namespace` of the deployment (default deploy.namespace)")
	cmd.Flags().Var((*word)(&o.target.Name), "name", "`name` of the deployment (default deploy.name)")
	offerNamespaces(cmd, &o.access)
}

// deployed returns the deployment that is meant. What the flags do not say is in the section deploy of
// the configuration.
func (o targetOptions) deployed() (kube.Target, error) {
	t := o.target
	if t.Name == "" || t.Namespace == "" {
		loaded, err := config.LoadPortable(config.ProcessSources(o.config.files, o.config.set))
		if err != nil {
			return t, coded{err, exitUsage}
		}
		t = kube.Target{Namespace: cmp.Or(t.Namespace, loaded.Deploy.Namespace), Name: cmp.Or(t.Name, loaded.Deploy.Name)}
	}
	if err := t.Check(); err != nil {
		return t, coded{err, exitUsage}
	}
	return t, nil
}

// needs says of an error that a cluster has answered about a Deployment with whether there is none.
func needs(t kube.Target, err error) error {
	if kube.IsNotFound(err) {
		return kube.NoDeployment(t)
	}
	return err
}

// open returns the deployment that is meant, and the cluster that it is in.
func (o targetOptions) open() (*kube.Client, kube.Target, error) {
	t, err := o.deployed()
	if err != nil {
		return nil, t, err
	}
	c, err := kube.Open(o.access)
	return c, t, err
}
