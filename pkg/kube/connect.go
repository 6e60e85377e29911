package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/otlpctl/otlpctl/pkg/hinted"
)

// Access says how to get to a cluster.
type Access struct {
	// Kubeconfig is a file; empty are those that $KUBECONFIG lists, then ~/.kube/config, then the
	// account of the pod that this runs in.
	Kubeconfig string
	// Context is the name of a context in it; empty is the current one.
	Context string
	// RequestTimeout is how long one answer may take; zero is RequestTimeout.
	RequestTimeout time.Duration
}

// Open makes a client. It asks the cluster nothing.
func Open(a Access) (*Client, error) {
	loader := a.loader()
	known, err := loader.RawConfig()
	if err != nil {
		return nil, a.unreadable(err)
	}
	name := a.Context
	if name == "" {
		name = known.CurrentContext
	}
	if _, ok := known.Contexts[name]; !ok && name != "" {
		return nil, noContext(name, known)
	}
	cfg, err := loader.ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err), errors.Is(err, rest.ErrNotInCluster):
		return nil, a.noCluster(known)
	case err != nil:
		return nil, fmt.Errorf("the context %q: %w", name, err)
	}
	return newClient(name, cfg, a.RequestTimeout)
}

// Contexts returns the names of all contexts, in their order.
func (a Access) Contexts() []string {
	known, err := a.loader().RawConfig()
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(known.Contexts))
}

func (a Access) loader() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath, rules.WarnIfAllMissing = a.Kubeconfig, false
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: a.Context})
}

// unreadable says which kubeconfig cannot be read.
func (a Access) unreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return hinted.New(fmt.Errorf("there is no kubeconfig at %s", a.Kubeconfig), "--kubeconfig names the file that kubectl uses")
	}
	return hinted.New(fmt.Errorf("kubeconfig: %w", err), "--kubeconfig names the file that kubectl uses")
}

// noCluster says that nothing tells where the cluster is.
func (a Access) noCluster(known clientcmdapi.Config) error {
	if len(known.Contexts) > 0 {
		return hinted.New(errors.New("the kubeconfig has no current context"), "--context names one of "+strings.Join(contextNames(known), ", "))
	}
	files := clientcmd.NewDefaultClientConfigLoadingRules().GetLoadingPrecedence() // by $KUBECONFIG, or ~/.kube/config
	err := fmt.Errorf("no kubeconfig: %s names no cluster, and this is no pod", strings.Join(files, " and "))
	if a.Kubeconfig != "" {
		err = fmt.Errorf("the kubeconfig %s names no cluster", a.Kubeconfig)
	}
	return hinted.New(err, "--kubeconfig names the file that kubectl uses")
}

func noContext(name string, known clientcmdapi.Config) error {
	names := contextNames(known)
	if len(names) == 0 {
		return hinted.New(fmt.Errorf("there is no context %q: the kubeconfig has none", name), "--kubeconfig names the file that kubectl uses")
	}
	return hinted.New(fmt.Errorf("there is no context %q", name), "--context takes one of "+strings.Join(names, ", "))
}

func contextNames(known clientcmdapi.Config) []string {
	return slices.Sorted(maps.Keys(known.Contexts))
}
