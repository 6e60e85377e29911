package kube

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	corev1 "github.com/otlpctl/otlpctl/pkg/manifest/api/core/v1"
)

// nodesMost is how many nodes are looked at: each tells of up to 50 images.
const nodesMost = 250

// Node is a node of the cluster, as it tells about itself.
type Node struct {
	Name string
	// OS and Architecture are those of its programs, such as linux and arm64.
	OS, Architecture string
	// Provider is who has made it, and under what name there: kind://docker/CLUSTER/NODE. It may be empty.
	Provider string
	Labels   map[string]string
	// PodCIDRs are the ranges that its pods have their addresses from; empty if only the network plugin knows them.
	PodCIDRs []string

	// images are names of those that it has: some of them, and not the newest, which it tells of later.
	images []string
}

// Nodes returns the nodes of the cluster. It returns none if that is not allowed, or if there are too many to
// look at: then nobody knows.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	list, err := c.resource(Ref{"v1", "Node", "", ""}).List(ctx, metav1.ListOptions{Limit: nodesMost})
	switch {
	case isForbidden(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("list the nodes: %w", c.Explain(err))
	case list.GetContinue() != "":
		return nil, nil
	}
	nodes := make([]Node, len(list.Items))
	for i := range list.Items {
		if nodes[i], err = nodeOf(&list.Items[i]); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func nodeOf(u *unstructured.Unstructured) (Node, error) {
	var node corev1.Node
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &node); err != nil {
		return Node{}, fmt.Errorf("%s: %w", refOf(u), err)
	}
	n := Node{
		Name: node.Name, OS: node.Status.NodeInfo.OperatingSystem, Architecture: node.Status.NodeInfo.Architecture,
		Provider: node.Spec.ProviderID, Labels: node.Labels, PodCIDRs: node.Spec.PodCIDRs,
	}
	for _, image := range node.Status.Images {
		n.images = append(n.images, image.Names...)
	}
	return n, nil
}

// has reports whether a node tells that it has an image.
func (n Node) has(image string) bool {
	wanted := complete(image)
	return slices.ContainsFunc(n.images, func(name string) bool { return complete(name) == wanted })
}
