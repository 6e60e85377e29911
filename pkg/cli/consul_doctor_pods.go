package cli

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/otlpctl/otlpctl/pkg/discovery/catalog"
	"github.com/otlpctl/otlpctl/pkg/kube"
	"github.com/otlpctl/otlpctl/pkg/kube/watch"
	"github.com/otlpctl/otlpctl/pkg/term"
)

// podsOptions say whether pods are asked for, and which.
type podsOptions struct {
	namespace string
	// asked says that a flag wants them, so that not to get them is an error; inCluster that this runs in a pod.
	asked, inCluster bool
}

// clusterOf returns what is known of the pods; nil if no cluster is meant.
func clusterOf(ctx context.Context, s term.Streams, access kube.Access, o podsOptions) (*catalog.Cluster, error) {
	if !o.asked && !o.inCluster {
		return nil, nil //nolint:nilnil // a nil Cluster knows nothing, documented there
	}
	cluster, err := readCluster(ctx, access, o.namespace)
	if err != nil && !o.asked && ctx.Err() == nil {
		_, _ = fmt.Fprintln(s.Err, s.Err.Paint(term.Warn, "warning:"), "without the pods of this cluster: "+err.Error())
		return nil, nil //nolint:nilnil // see above
	}
	return cluster, err
}

func readCluster(ctx context.Context, access kube.Access, namespace string) (*catalog.Cluster, error) {
	client, err := kube.Open(access)
	if err != nil {
		return nil, err
	}
	found, err := watch.Pods(ctx, client, namespace)
	if err != nil {
		return nil, fmt.Errorf("list the pods: %w", err)
	}
	pods := make([]catalog.Pod, len(found))
	for n, p := range found {
		pods[n] = catalog.Pod{Namespace: p.Namespace, Name: p.Name, IPs: p.IPs, State: p.State, ConfigHash: p.ConfigHash}
	}
	nodes, err := client.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	var ranges []netip.Prefix
	for _, node := range nodes {
		for _, text := range node.PodCIDRs {
			if r, err := netip.ParsePrefix(text); err == nil {
				ranges = append(ranges, r)
			}
		}
	}
	return catalog.NewCluster(pods, ranges, namespace), nil
}
