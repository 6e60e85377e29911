// Package endpoints finds the pods of a Service that are ready, in the EndpointSlices of a cluster.
package endpoints

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/otlpctl/otlpctl/pkg/discovery/registry"
	"github.com/otlpctl/otlpctl/pkg/hinted"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/receiver/resolve"
)

// The parameters of a URL.
const (
	paramContext    = "context"
	paramKubeconfig = "kubeconfig"
)

const usage = "write kubernetes:///NAMESPACE/SERVICE:PORT, with the name or the number of a port of the pods"

// Open returns the source of kubernetes:///NAMESPACE/SERVICE[:PORT], in the cluster that the kubeconfig says, or that this runs in.
// Without a port there must be one that has no other beside it.
func Open(t registry.Target) (*registry.Source, error) {
	if err := t.Allow(paramContext, paramKubeconfig); err != nil {
		return nil, err
	}
	namespace, rest, _ := strings.Cut(t.Path, "/")
	service, port, hasPort := strings.Cut(rest, ":")
	switch {
	case len(t.Hosts) > 0:
		return nil, hinted.New(fmt.Errorf("%s: the kubeconfig says where the cluster is, not the URL", t), usage)
	case !isName(namespace), !isName(service), hasPort && !isName(port):
		return nil, hinted.New(fmt.Errorf("%s: the path is to name a Service and its namespace", t), usage)
	case len(t.Choice().Tags) > 0:
		return nil, fmt.Errorf("%s: Kubernetes has no tags to choose by", t)
	}
	client, err := kube.Open(kube.Access{Kubeconfig: t.Query.Get(paramKubeconfig), Context: t.Query.Get(paramContext)})
	if err != nil {
		// The hints are about flags.
		return nil, hinted.New(errors.New(t.String()+": "+err.Error()), "the parameters kubeconfig and context say which cluster is meant")
	}
	w := watch.Endpoints{API: client, Namespace: namespace, Service: service}
	follow := func(ctx context.Context, found func([]resolve.Instance)) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		err := w.Follow(ctx, func(slices []*watch.EndpointSlice) {
			if all, err := instances(slices, port); err == nil {
				found(all)
			} else {
				cancel(err)
			}
		})
		if fault := context.Cause(ctx); fault != nil {
			return fault
		}
		return err
	}
	return &registry.Source{Name: namespace + "/" + service, Watch: follow, Choice: t.Choice()}, nil
}

// isName keeps out what would be another path of the API, or another selector. What is a name beyond that the API server knows.
func isName(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && strings.Trim(text, "-.") != ""
}
