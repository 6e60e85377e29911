package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// checkImage says whether nodes lack an image that they are not to pull.
func (c *Client) checkImage(ctx context.Context, s Set) ([]string, error) {
	w, ok := s.workload()
	if !ok || !slices.ContainsFunc(w.pod.Containers, func(c corev1.Container) bool { return c.ImagePullPolicy == corev1.PullNever }) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	list, err := c.resource(Ref{"v1", "Node", "", ""}).List(ctx, metav1.ListOptions{})
	switch {
	case isForbidden(err):
		return nil, nil // then the pods tell
	case err != nil:
		return nil, fmt.Errorf("list the nodes: %w", c.Explain(err))
	}
	var lacking []string
	for _, node := range list.Items {
		if !hasImage(&node, s.Image()) {
			lacking = append(lacking, node.GetName())
		}
	}
	if len(lacking) == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("deploy.image_pull_policy is Never, and these nodes do not tell that they have %s: %s", s.Image(), strings.Join(lacking, ", "))}, nil
}

// hasImage reports whether a node tells that it has an image. Nodes tell of a number of them only.
func hasImage(node *unstructured.Unstructured, image string) bool {
	images, _, _ := unstructured.NestedSlice(node.Object, "status", "images")
	for _, i := range images {
		fields, _ := i.(map[string]any)
		names, _, _ := unstructured.NestedStringSlice(fields, "names")
		if slices.ContainsFunc(names, func(name string) bool { return name == image || strings.HasSuffix(name, "/"+image) }) {
			return true
		}
	}
	return false
}
